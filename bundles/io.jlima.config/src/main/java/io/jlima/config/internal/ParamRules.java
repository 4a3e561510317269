// SPDX-License-Identifier: Apache-2.0
package io.jlima.config.internal;

import io.jlima.api.LimaException;
import io.jlima.config.internal.template.TextFile;
import io.jlima.config.internal.yaml.Findings;
import io.jlima.config.internal.yaml.Mapping;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What is refused in parameters: bad names, values that cannot be passed on, and ones that nothing uses. */
final class ParamRules {
    private static final Pattern NAME = Pattern.compile("[a-zA-Z][a-zA-Z0-9_]*");

    private static final Pattern VARIABLE = Pattern.compile("\\bPARAM_(\\w+)");
    private static final Pattern FIELD = Pattern.compile("\\.Param\\.(\\w+)");

    /** Lima's own images define it whether they use it or not. */
    private static final String EXEMPT = "internal_netplanOptional";

    private static final Map<String, List<String>> USERS = Map.of(
            "provision", List.of("script", "content", "expression", "owner", "path", "permissions"),
            "probes", List.of("script"),
            "copyToHost", List.of("guest", "host"),
            "portForwards", List.of("guestSocket", "hostSocket"),
            "mounts", List.of("location", "mountPoint"));

    private final Path home;
    private final Findings findings;

    /** @param home what a leading tilde means */
    ParamRules(Path home, Findings findings) {
        this.home = home;
        this.findings = findings;
    }

    /** Names and values of the merged parameters. */
    void check(Mapping param) {
        param.entries().keySet().forEach(key -> {
            if (!NAME.matcher(key).matches()) {
                findings.error(
                        param.keyMark(key),
                        "param: \"" + key + "\" cannot name a parameter",
                        "use letters, digits and underscores, a letter first");
            }
            String value = String.valueOf(param.text(key));
            if (!value.codePoints().allMatch(ParamRules::isPrintable)) {
                findings.error(
                        param.markOf(key),
                        "param." + key + " has a line end or another unprintable character in it",
                        "parameters are single lines");
            }
        });
    }

    /** Names of parameters that a text uses, found in one pass whatever the text is. */
    private static void collectUsed(String text, Set<String> used) {
        Matcher variable = VARIABLE.matcher(text);
        while (variable.find()) {
            used.add(variable.group(1));
        }
        int open = text.indexOf("{{");
        while (open >= 0) {
            int close = text.indexOf('}', open);
            if (close < 0) {
                return;
            }
            Matcher field = FIELD.matcher(text).region(open, close);
            while (text.startsWith("}}", close) && field.find()) {
                used.add(field.group(1));
            }
            open = text.indexOf("{{", close);
        }
    }

    /** What a playbook says; it is not there where a file is only looked at. */
    private Optional<String> playbook(@Nullable String path) {
        if (path == null || path.isEmpty()) {
            return Optional.empty();
        }
        try {
            return Optional.of(TextFile.read(Path.of(Paths.expandHome(path, home))));
        } catch (LimaException e) {
            // Refused, with its place, among the rules of steps.
            return Optional.empty();
        }
    }

    /** As unicode.IsPrint of Go has it, and tabs. */
    private static boolean isPrintable(int point) {
        return point == ' '
                || point == '\t'
                || switch (Character.getType(point)) {
                    case Character.CONTROL,
                            Character.FORMAT,
                            Character.SURROGATE,
                            Character.PRIVATE_USE,
                            Character.UNASSIGNED,
                            Character.SPACE_SEPARATOR,
                            Character.LINE_SEPARATOR,
                            Character.PARAGRAPH_SEPARATOR -> false;
                    default -> true;
                };
    }

    /** Parameters of an instance's own file, before its templates are evaluated. */
    void checkUse(Mapping instance) {
        List<String> texts = new ArrayList<>();
        USERS.forEach((list, keys) -> instance.mappings(list)
                .forEach(item -> keys.forEach(key -> {
                    String text = item.text(key);
                    if (text != null) {
                        texts.add(text);
                    }
                })));
        for (Mapping step : instance.mappings("provision")) {
            playbook(step.text("playbook")).ifPresent(texts::add);
        }
        if (!(instance.get("param") instanceof Mapping param)) {
            return;
        }
        Set<String> used = new HashSet<>();
        texts.forEach(text -> collectUsed(text, used));
        for (String key : param.entries().keySet()) {
            if (!key.equals(EXEMPT) && NAME.matcher(key).matches() && !used.contains(key)) {
                findings.error(
                        param.keyMark(key),
                        "param." + key + " is used nowhere",
                        "use {{.Param." + key + "}} or $PARAM_" + key + " in a script, or remove it");
            }
        }
    }
}
