// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.command;

import io.jlima.api.LimaException;
import io.jlima.api.command.Invocation;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What {@code shell --preserve-env} passes on: every variable but those that describe the host. */
public final class PreservedEnvironment {
    /** Lima's own list. */
    public static final List<String> BLOCKED = List.of(
            "BASH*",
            "DISPLAY",
            "DYLD_*",
            "EUID",
            "FPATH",
            "GID",
            "GROUP",
            "HOME",
            "HOSTNAME",
            "LD_*",
            "LOGNAME",
            "OLDPWD",
            "PATH",
            "PWD",
            "SHELL",
            "SHLVL",
            "SSH_*",
            "TERM",
            "TERMINFO",
            "TMPDIR",
            "UID",
            "USER",
            "XAUTHORITY",
            "XDG_*",
            "ZDOTDIR",
            "ZSH*",
            "_*");

    /** A name that env(1) and the guest's shell take as one. */
    private static final Pattern NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*");

    private PreservedEnvironment() {}

    /** {@code NAME=value} of each variable to pass on, sorted; none unless the caller asks for it. */
    static List<String> of(Invocation invocation) {
        if (!invocation.has("preserve-env")) {
            return List.of();
        }
        Map<String, String> variables = invocation.caller().variables();
        Pattern blocked = pattern(blocked(invocation));
        Pattern allowed = pattern(patterns(invocation, "LIMA_SHELLENV_ALLOW").orElse(List.of()));
        return variables.entrySet().stream()
                .filter(e -> NAME.matcher(e.getKey()).matches())
                .filter(e -> !blocked.matcher(e.getKey()).matches()
                        || allowed.matcher(e.getKey()).matches())
                .map(e -> e.getKey() + "=" + e.getValue())
                .sorted()
                .toList();
    }

    private static List<String> blocked(Invocation invocation) {
        String text = invocation.caller().variable("LIMA_SHELLENV_BLOCK").orElse("");
        Optional<List<String>> own = patterns(invocation, "LIMA_SHELLENV_BLOCK");
        if (own.isEmpty()) {
            return BLOCKED;
        }
        return text.strip().startsWith("+")
                ? Stream.concat(BLOCKED.stream(), own.get().stream()).toList()
                : own.get();
    }

    private static Optional<List<String>> patterns(Invocation invocation, String variable) {
        return invocation.caller().variable(variable).map(text -> {
            String list = text.strip();
            List<String> patterns = Arrays.stream(
                            (list.startsWith("+") && variable.endsWith("BLOCK") ? list.substring(1) : list).split(","))
                    .map(String::strip)
                    .filter(p -> !p.isEmpty())
                    .toList();
            patterns.forEach(p -> check(variable, p));
            return patterns;
        });
    }

    private static void check(String variable, String pattern) {
        for (int i = 0; i < pattern.length(); i++) {
            char c = pattern.charAt(i);
            boolean good = c == '*' || c == '_' || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z';
            if (!good) {
                throw new LimaException(
                        "Invalid " + variable + " pattern: pattern `" + pattern + "` contains invalid character `" + c
                                + "` at position " + i,
                        "Write names with * for any letters, separated by commas, for example FOO,BAR_*");
            }
        }
    }

    /** A pattern that matches what any of the list does; nothing if the list is empty. */
    private static Pattern pattern(List<String> patterns) {
        return patterns.isEmpty()
                ? Pattern.compile("(?!)")
                : Pattern.compile(
                        patterns.stream().map(p -> p.replace("*", ".*")).collect(Collectors.joining("|")));
    }
}
