// SPDX-License-Identifier: Apache-2.0
package io.jlima.config.internal.edit;

import io.jlima.api.LimaException;
import io.jlima.config.internal.yaml.Mapping;
import io.jlima.config.internal.yaml.YamlText;
import io.jlima.config.internal.yaml.YamlWriter;
import java.util.function.Supplier;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;

/**
 * Makes a text say something else by changing as little of it as possible: comments, order, quotes and blank lines of
 * everything that stays the same stay the same.
 *
 * <p>The outcome is always read again and compared. Where a text is written so that it cannot be changed in place (its
 * values are shared by aliases, for example), whole top-level entries are written anew, and as a last resort the whole
 * text.
 */
public final class Rewriter {
    private Rewriter() {}

    /**
     * The text that says what {@code wanted} says.
     *
     * @param source name of the text in messages
     * @throws LimaException when the text is not YAML
     */
    public static String rewrite(String text, String source, Mapping wanted) {
        Mapping now = YamlText.read(text, source);
        if (PlainTrees.equal(now, wanted)) {
            return text;
        }
        String inPlace = attempt(wanted, () -> inPlace(text, now, wanted, false));
        if (inPlace != null) {
            return inPlace;
        }
        String entries = attempt(wanted, () -> inPlace(text, now, wanted, true));
        return entries != null ? entries : YamlWriter.write(wanted);
    }

    private static @org.jspecify.annotations.Nullable String attempt(Mapping wanted, Supplier<String> way) {
        try {
            String text = way.get();
            return PlainTrees.equal(YamlText.read(text, "edited text"), wanted) ? text : null;
        } catch (CannotEdit | LimaException | YAMLException e) {
            return null;
        }
    }

    private static String inPlace(String text, Mapping now, Mapping wanted, boolean wholeEntries) {
        SourceDocument document = new SourceDocument(text);
        TextEdits edits = new TextEdits();
        Node root = document.root();
        if (root instanceof MappingNode mapping) {
            new Difference(document, edits, wholeEntries).mapping(mapping, now, wanted);
            return edits.apply(text);
        }
        if (root != null) {
            throw new CannotEdit("a document that is not a mapping");
        }
        String end = text.isEmpty() || text.endsWith("\n") ? "" : document.lineEnd();
        return text + end + YamlWriter.write(wanted);
    }
}
