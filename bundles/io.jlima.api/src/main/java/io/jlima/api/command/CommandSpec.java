// SPDX-License-Identifier: Apache-2.0
package io.jlima.api.command;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a command is called and what it takes; help, completion and parsing follow from it.
 *
 * @param name the word after limactl; for a member of a group, such as {@code disk create}, both words with one blank
 * @param aliases other words for it; of a member of a group, for its last word
 * @param summary one line, starting with a capital, no full stop
 * @param description further lines for the help page, may be empty
 * @param arguments what follows the name in the usage line, for example {@code [INSTANCE]}
 * @param minArguments least number of arguments
 * @param maxArguments greatest number of arguments
 * @param argumentKind what the arguments are, for completion
 * @param flagsEndAtFirstArgument whether words after the first argument are all arguments, as for {@code shell}
 */
public record CommandSpec(
        String name,
        List<String> aliases,
        Group group,
        String summary,
        String description,
        String arguments,
        int minArguments,
        int maxArguments,
        ArgumentKind argumentKind,
        boolean flagsEndAtFirstArgument,
        List<Option> options) {
    public CommandSpec {
        aliases = List.copyOf(aliases);
        options = List.copyOf(options);
    }

    /** A command without arguments and options, to be completed by the methods below. */
    public static CommandSpec of(String name, Group group, String summary) {
        return new CommandSpec(name, List.of(), group, summary, "", "", 0, 0, ArgumentKind.NONE, false, List.of());
    }

    /**
     * The common word of several commands, such as {@code disk} for {@code disk create} and {@code disk list}. Its
     * command is never run: without a member's word it shows the group's page.
     */
    public static CommandSpec group(String name, String summary) {
        return of(name, Group.ADVANCED, summary).takes("COMMAND", 1, Integer.MAX_VALUE, ArgumentKind.OTHER);
    }

    /** The same with other words for its name. */
    public CommandSpec alias(String... words) {
        return new CommandSpec(
                name,
                List.of(words),
                group,
                summary,
                description,
                arguments,
                minArguments,
                maxArguments,
                argumentKind,
                flagsEndAtFirstArgument,
                options);
    }

    /** The same with further lines for its help page. */
    public CommandSpec describe(String text) {
        return new CommandSpec(
                name,
                aliases,
                group,
                summary,
                text,
                arguments,
                minArguments,
                maxArguments,
                argumentKind,
                flagsEndAtFirstArgument,
                options);
    }

    /** The same taking arguments, written as {@code words} in the usage line. */
    public CommandSpec takes(String words, int least, int most, ArgumentKind kind) {
        return new CommandSpec(
                name, aliases, group, summary, description, words, least, most, kind, flagsEndAtFirstArgument, options);
    }

    /** The same with all words after the first argument left alone. */
    public CommandSpec flagsEnd() {
        return new CommandSpec(
                name,
                aliases,
                group,
                summary,
                description,
                arguments,
                minArguments,
                maxArguments,
                argumentKind,
                true,
                options);
    }

    /** The same with these options. */
    public CommandSpec with(Option... all) {
        return new CommandSpec(
                name,
                aliases,
                group,
                summary,
                description,
                arguments,
                minArguments,
                maxArguments,
                argumentKind,
                flagsEndAtFirstArgument,
                List.of(all));
    }

    /** Where help lists it. */
    public enum Group {
        BASIC,
        ADVANCED,
        HIDDEN
    }

    /** What an argument names. */
    public enum ArgumentKind {
        NONE,
        INSTANCE,
        INSTANCE_OR_TEMPLATE,
        /** A template: {@code template:NAME} or a file. */
        TEMPLATE,
        /** An additional disk. */
        DISK,
        /** A network of networks.yaml. */
        NETWORK,
        /** A file of the host. */
        FILE,
        /** {@code INSTANCE:PATH}, or a file of the host. */
        GUEST_FILE,
        OTHER
    }

    /**
     * @param name long name without dashes
     * @param shortName one letter, null for none
     * @param value placeholder for the value, for example {@code DURATION}; null for a switch. {@code FILE}, {@code DIR},
     *     {@code INSTANCE} and {@code NETWORK} are completed by what there is
     * @param help one line, lower case, no full stop
     * @param choices words that make sense as the value, for completion only; empty when there is no such list
     */
    public record Option(
            String name,
            @Nullable String shortName,
            @Nullable String value,
            String help,
            List<String> choices) {
        public Option {
            choices = List.copyOf(choices);
        }

        /** An option whose values are not known beforehand, or a switch. */
        public Option(String name, @Nullable String shortName, @Nullable String value, String help) {
            this(name, shortName, value, help, List.of());
        }

        /** The same, with these words offered as its value. */
        public Option oneOf(String... words) {
            return new Option(name, shortName, value, help, List.of(words));
        }
    }
}
