// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.template;

import io.jlima.api.LimaException;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A template in the language of Go's text/template: fields, pipelines, variables, {@code if}, {@code with},
 * {@code range}, {@code break}, {@code continue}, comments and trim markers; no {@code define}. Immutable.
 */
public final class GoTemplate {
    private final List<Node> nodes;

    private GoTemplate(List<Node> nodes) {
        this.nodes = nodes;
    }

    /** @throws LimaException when the text is no template */
    public static GoTemplate parse(String text) {
        try {
            return new GoTemplate(new Parser(Lexer.pieces(text)).parse());
        } catch (TemplateFault e) {
            throw failure(e);
        }
    }

    /**
     * Evaluates it.
     *
     * @param data what the dot is: a map of fields, whose values are maps, lists, strings, numbers, booleans or null
     * @param whole what the functions json and yaml make of the dot as a whole
     * @throws LimaException when the data has no such field, or a function does not take its arguments
     */
    public String evaluate(Map<String, @Nullable Object> data, Object whole) {
        try {
            return new Evaluator(data, whole).run(nodes);
        } catch (TemplateFault e) {
            throw failure(e);
        }
    }

    private static LimaException failure(TemplateFault e) {
        return new LimaException("template: " + e.getMessage(), "`limactl list --list-fields` shows all fields");
    }
}
