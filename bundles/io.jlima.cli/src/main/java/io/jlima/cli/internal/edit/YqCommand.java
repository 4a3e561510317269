// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.edit;

import io.jlima.api.LimaException;
import io.jlima.api.command.Command;
import io.jlima.api.command.CommandSpec;
import io.jlima.api.command.CommandSpec.ArgumentKind;
import io.jlima.api.command.CommandSpec.Group;
import io.jlima.api.command.CommandSpec.Option;
import io.jlima.api.command.Invocation;
import io.jlima.api.config.Expressions;
import io.jlima.cli.internal.Colours;
import io.jlima.cli.internal.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** {@code limactl yq}: what scripts use of the yq program, on YAML and JSON files whose root is a map. */
@Component(service = Command.class)
public final class YqCommand implements Command {
    /** yq's words for evaluating file by file, which is what is done anyway. */
    private static final Set<String> EVALUATE = Set.of("eval", "e");

    private final Texts texts;
    private final Expressions expressions;

    @Activate
    public YqCommand(@Reference Texts texts, @Reference Expressions expressions) {
        this.texts = texts;
        this.expressions = expressions;
    }

    @Override
    public CommandSpec spec() {
        return CommandSpec.of("yq", Group.HIDDEN, "Ask or change YAML files by an expression")
                .describe("""
                        For example: limactl yq -i '.cpus = 2' lima.yaml

                        Without a file, standard input is read. Comments are kept where the file is changed. `limactl help
                        yq-restrictions` tells what expressions can do.""")
                .takes("[eval] EXPRESSION [FILE...]", 0, Integer.MAX_VALUE, ArgumentKind.FILE)
                .with(
                        new Option("inplace", "i", null, "change the first file instead of printing"),
                        new Option("null-input", "n", null, "read nothing; the expression makes it all"),
                        new Option("output-format", "o", "FORMAT", "yaml or json (default yaml)").oneOf("yaml", "json"),
                        new Option("indent", "I", "N", "blanks for each level of JSON (default 2)"),
                        new Option("unwrapScalar", "r", null, "print strings of JSON without quotes"),
                        new Option(
                                "exit-status", "e", null, "exit code 1 if there is no result, or it is null or false"),
                        new Option("prettyPrint", "P", null, "print in block style, which is always done"),
                        new Option("version", "V", null, "print which yq this stands for"));
    }

    @Override
    public int run(Invocation invocation) {
        if (invocation.has("version")) {
            invocation
                    .out()
                    .println("yq (jlima's own, for expressions of https://github.com/mikefarah/yq/) version v4");
            return 0;
        }
        List<String> words = new ArrayList<>(invocation.arguments());
        if (!words.isEmpty() && EVALUATE.contains(words.getFirst())) {
            words.removeFirst();
        }
        boolean onlyFile =
                words.size() == 1 && Files.isRegularFile(invocation.caller().resolve(words.getFirst()));
        String expression = words.isEmpty() || onlyFile ? "." : words.removeFirst();
        List<@Nullable Object> results = new ArrayList<>();
        if (invocation.has("null-input")) {
            results.addAll(expressions.evaluate(expression, null));
            print(invocation, results, "");
        } else if (invocation.has("inplace")) {
            change(invocation, expression, words);
        } else {
            for (String word : words.isEmpty() ? List.of("-") : words) {
                String text = text(invocation, word);
                List<@Nullable Object> some = expressions.evaluate(expression, tree(text, word));
                print(invocation, some, text);
                results.addAll(some);
            }
        }
        invocation.out().flush();
        boolean found = results.stream().anyMatch(r -> r != null && !r.equals(false));
        if (invocation.has("exit-status") && !found) {
            throw new LimaException("no matches found");
        }
        return 0;
    }

    private Map<String, @Nullable Object> tree(String text, String source) {
        return text.isBlank() ? Map.of() : texts.reader().parse(text, source);
    }

    private static String text(Invocation invocation, String word) {
        if (word.equals("-")) {
            return StandardInput.text(invocation);
        }
        Path file = invocation.caller().resolve(word);
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new LimaException("cannot read " + file, e);
        }
    }

    private void change(Invocation invocation, String expression, List<String> words) {
        if (words.isEmpty()) {
            throw new LimaException(
                    "write in place flag only applicable when giving an expression and at least one file");
        }
        Path file = invocation.caller().resolve(words.getFirst());
        String before = text(invocation, words.getFirst());
        List<@Nullable Object> results = expressions.evaluate(expression, tree(before, words.getFirst()));
        StringBuilder after = new StringBuilder();
        results.forEach(result -> after.append(yaml(result, before)));
        try {
            Files.writeString(file, after.toString());
        } catch (IOException e) {
            throw new LimaException("cannot write " + file, e);
        }
    }

    private void print(Invocation invocation, List<@Nullable Object> results, String text) {
        boolean json = invocation
                .value("output-format")
                .filter(f -> f.equals("json") || f.equals("j"))
                .isPresent();
        int indent = invocation.value("indent").map(YqCommand::indent).orElse(2);
        Colours colours = Colours.of(invocation);
        for (Object result : results) {
            if (!json) {
                String yaml = yaml(result, text);
                invocation.out().print(result instanceof Map || result instanceof List ? colours.yaml(yaml) : yaml);
            } else if (result instanceof String string && invocation.has("unwrapScalar")) {
                invocation.out().println(string);
            } else {
                invocation
                        .out()
                        .println(colours.json(indent == 0 ? Json.compact(result) : Json.pretty(result, indent)));
            }
        }
    }

    private static int indent(String word) {
        if (!word.matches("[0-9]")) {
            throw new LimaException("invalid argument \"" + word + "\" for \"-I, --indent\" flag: 0 to 9 are possible");
        }
        return Integer.parseInt(word);
    }

    /** A result that is still the file, changed, keeps its comments; a string is bare, as yq prints it. */
    private String yaml(@Nullable Object result, String text) {
        if (result instanceof Map<?, ?> map) {
            Map<String, @Nullable Object> tree = new LinkedHashMap<>();
            map.forEach((key, value) -> tree.put(String.valueOf(key), value));
            boolean isFile =
                    !text.isBlank() && !Collections.disjoint(tree(text, "").keySet(), tree.keySet());
            return isFile
                    ? texts.reader().rewrite(text, "", tree)
                    : texts.reader().write(tree);
        }
        return result instanceof List<?> ? texts.reader().write(result) : result + "\n";
    }
}
