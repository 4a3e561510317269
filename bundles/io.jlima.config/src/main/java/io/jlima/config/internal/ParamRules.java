// SPDX-License-Identifier: Apache-2.0
package io.jlima.config.internal;

import io.jlima.config.internal.yaml.Findings;
import io.jlima.config.internal.yaml.Mapping;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** What is refused in parameters: bad names, values that cannot be passed on, and ones that nothing uses. */
final class ParamRules {
    private static final Pattern NAME = Pattern.compile("[a-zA-Z][a-zA-Z0-9_]*");

    /** Lima's own images define it whether they use it or not. */
    private static final String EXEMPT = "internal_netplanOptional";

    private static final Map<String, List<String>> USERS = Map.of(
            "provision", List.of("script", "content", "expression", "owner", "path", "permissions", "playbook"),
            "probes", List.of("script"),
            "copyToHost", List.of("guest", "host"),
            "portForwards", List.of("guestSocket", "hostSocket"),
            "mounts", List.of("location", "mountPoint"));

    private final Findings findings;

    ParamRules(Findings findings) {
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
            if (value.codePoints().anyMatch(c -> c != '\t' && (Character.isISOControl(c) || !Character.isDefined(c)))) {
                findings.error(
                        param.markOf(key),
                        "param." + key + " has a line end or another unprintable character in it",
                        "parameters are single lines");
            }
        });
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
        Mapping param = instance.section("param");
        for (String key : param.entries().keySet()) {
            String quoted = Pattern.quote(key);
            Pattern use =
                    Pattern.compile("\\{\\{[^}]*\\.Param\\." + quoted + "\\b[^}]*\\}\\}|\\bPARAM_" + quoted + "\\b");
            if (!key.equals(EXEMPT)
                    && NAME.matcher(key).matches()
                    && texts.stream().noneMatch(t -> use.matcher(t).find())) {
                findings.error(
                        param.keyMark(key),
                        "param." + key + " is used nowhere",
                        "use {{.Param." + key + "}} or $PARAM_" + key + " in a script, or remove it");
            }
        }
    }
}
