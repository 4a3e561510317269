// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.command;

import io.jlima.api.command.CommandSpec;
import io.jlima.api.command.CommandSpec.Option;
import io.jlima.cli.internal.CommandLine;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What stands before the word that is to be completed.
 *
 * @param last the word so far
 * @param group name of the group whose member is to come; empty when a command is to come
 * @param spec the command; null when its name is still to come
 * @param option the option whose value is to come; null when there is none
 * @param prefix what stands before the value in the same word, as in {@code --format=}
 * @param position how many arguments the command has got already
 * @param flags whether a flag may come here
 */
record CompletionRequest(
        String last,
        String group,
        @Nullable CommandSpec spec,
        @Nullable Option option,
        String prefix,
        int position,
        boolean flags) {
    static CompletionRequest of(List<String> words, Collection<CommandSpec> specs) {
        String last = words.getLast();
        String group = "";
        CommandSpec spec = null;
        Option awaiting = null;
        int position = 0;
        boolean flags = true;
        for (String word : words.subList(0, words.size() - 1)) {
            if (awaiting != null) {
                awaiting = null;
            } else if (flags && word.equals("--")) {
                flags = false;
            } else if (flags && word.startsWith("-") && word.length() > 1) {
                awaiting = awaited(word, spec);
            } else if (spec != null) {
                position++;
                flags &= !spec.flagsEndAtFirstArgument();
            } else {
                String name = group.isEmpty() ? word : group + " " + word;
                spec = find(name, specs).orElse(null);
                if (spec == null || isGroup(spec, specs)) {
                    group = spec == null ? name : spec.name();
                    spec = null;
                }
            }
        }
        int equals = last.indexOf('=');
        String prefix = "";
        if (awaiting == null && flags && last.startsWith("--") && equals > 0) {
            awaiting = known(spec)
                    .filter(o -> o.value() != null && o.name().equals(last.substring(2, equals)))
                    .findFirst()
                    .orElse(null);
            prefix = awaiting == null ? "" : last.substring(0, equals + 1);
        }
        return new CompletionRequest(last, group, spec, awaiting, prefix, position, flags);
    }

    /** The option whose value is the next word, if the flag wants one and has none. */
    private static @Nullable Option awaited(String word, @Nullable CommandSpec spec) {
        if (word.contains("=")) {
            return null;
        }
        return known(spec)
                .filter(o -> o.value() != null)
                .filter(o -> word.startsWith("--")
                        ? o.name().equals(word.substring(2))
                        : word.substring(word.length() - 1).equals(o.shortName()))
                .findFirst()
                .orElse(null);
    }

    private static java.util.stream.Stream<Option> known(@Nullable CommandSpec spec) {
        List<Option> all = new ArrayList<>(CommandLine.GLOBAL);
        if (spec != null) {
            all.addAll(spec.options());
        }
        return all.stream();
    }

    private static boolean isGroup(CommandSpec spec, Collection<CommandSpec> specs) {
        return specs.stream().anyMatch(s -> s.name().startsWith(spec.name() + " "));
    }

    private static Optional<CommandSpec> find(String name, Collection<CommandSpec> specs) {
        String group = name.substring(0, name.indexOf(' ') + 1);
        return specs.stream()
                .filter(s -> s.name().equals(name)
                        || s.name().startsWith(group)
                                && s.name().indexOf(' ') == group.length() - 1
                                && s.aliases().contains(name.substring(group.length())))
                .findFirst();
    }
}
