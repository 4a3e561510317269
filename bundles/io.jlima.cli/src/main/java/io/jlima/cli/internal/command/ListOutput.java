// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.command;

import io.jlima.api.HostEnvironment;
import io.jlima.api.LimaException;
import io.jlima.api.command.Invocation;
import io.jlima.api.config.Expressions;
import io.jlima.api.instance.Instance;
import io.jlima.cli.internal.Colours;
import io.jlima.cli.internal.Json;
import io.jlima.cli.internal.YamlText;
import io.jlima.cli.internal.template.GoTemplate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The forms in which {@code limactl list} prints, and the checks of what goes with what. */
final class ListOutput {
    private static final int INDENT = 4;

    private final Invocation invocation;
    private final Colours colours;
    private final String format;
    private final @Nullable GoTemplate template;
    private final Optional<String> expression;
    private final boolean quiet;

    ListOutput(Invocation invocation) {
        this.invocation = invocation;
        colours = Colours.of(invocation);
        quiet = invocation.has("quiet");
        List<String> expressions = new ArrayList<>(invocation.values("yq"));
        boolean formatGiven = invocation.value("format").isPresent();
        if (invocation.has("json") && formatGiven) {
            throw new LimaException("option --json conflicts with option --format", "Give one of them");
        }
        String asked =
                invocation.has("json") ? "json" : invocation.value("format").orElse("table");
        if (quiet && !asked.equals("table")) {
            throw new LimaException("option --quiet can only be used with '--format table'", "Leave one of them out");
        }
        if (!expressions.isEmpty() && !formatGiven) {
            asked = "json";
        }
        if (!expressions.isEmpty() && !asked.equals("json") && !asked.equals("yaml")) {
            throw new LimaException("option --yq only works with --format json or yaml", "Leave one of them out");
        }
        if (quiet && !expressions.isEmpty()) {
            expressions.add(".name");
        }
        format = asked;
        if (!List.of("json", "yaml", "table").contains(asked) && !asked.contains("{{")) {
            throw new LimaException(
                    "unsupported format `" + asked + "`",
                    "Use table, json, yaml or a template such as '{{.Name}}'; see --list-fields");
        }
        template = List.of("json", "yaml", "table").contains(asked) ? null : GoTemplate.parse(asked);
        expression = expressions.isEmpty()
                ? Optional.empty()
                : Optional.of(expressions.stream().map(e -> "(" + e + ")").collect(Collectors.joining(" | ")));
    }

    /** Whether errors of instances are told beside what is printed, which has no place for them. */
    boolean isTable() {
        return format.equals("table") && !quiet;
    }

    /** @param expressions evaluates {@code --yq}; not asked without it */
    String text(List<Instance> shown, Expressions expressions) {
        StringBuilder text = new StringBuilder();
        if (quiet && expression.isEmpty()) {
            shown.forEach(i -> text.append(i.name()).append('\n'));
        } else if (template != null) {
            shown.forEach(i -> text.append(template.evaluate(InstanceFields.of(i), InstanceJson.of(i)))
                    .append('\n'));
        } else if (format.equals("table")) {
            return shown.isEmpty() ? "" : table(shown, invocation.caller());
        } else {
            for (Instance instance : shown) {
                Map<String, Object> json = InstanceJson.of(instance);
                List<? extends @Nullable Object> results =
                        expression.isPresent() ? expressions.evaluate(expression.get(), json) : List.of(json);
                print(text, results);
            }
        }
        return text.toString();
    }

    private void print(StringBuilder text, List<? extends @Nullable Object> results) {
        if (results.isEmpty()) {
            return;
        }
        if (format.equals("yaml")) {
            for (Object result : results) {
                text.append(text.isEmpty() ? "" : "---\n").append(colours.yaml(YamlText.of(result)));
            }
            return;
        }
        text.append(results.stream().map(this::json).collect(Collectors.joining(" ")))
                .append('\n');
    }

    /** A scalar stands as it is, without quotes, so that shells can use it. */
    private String json(@Nullable Object result) {
        if (!(result instanceof Map) && !(result instanceof List)) {
            return String.valueOf(result);
        }
        return colours.atTerminal() ? colours.json(Json.pretty(result, INDENT)) : Json.compact(result);
    }

    private String table(List<Instance> shown, HostEnvironment caller) {
        ListColumns columns =
                invocation.has("all-fields") || !invocation.streams().outTerminal()
                        ? ListColumns.ALL
                        : ListColumns.fitting(invocation.streams().columns(), shown);
        List<List<String>> rows = new ArrayList<>();
        rows.add(columns.of("NAME", "STATUS", "SSH", "VMTYPE", "ARCH", "CPUS", "MEMORY", "DISK", "DIR"));
        for (Instance i : shown) {
            rows.add(columns.of(ListColumns.words(i, caller)));
        }
        return Table.of(
                rows, invocation.streams().outTerminal() ? invocation.streams().columns() : 0);
    }
}
