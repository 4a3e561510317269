// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal;

import io.jlima.api.LimaException;
import io.jlima.api.command.CommandSpec;
import io.jlima.api.command.CommandSpec.Option;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Words split into arguments and options, by the rules that limactl's users know: {@code --name value},
 * {@code --name=value}, {@code -f}, {@code -fq}, flags between arguments, {@code --} ends flags.
 *
 * @param options values by long name, in the order given; a switch has the values {@code true} or {@code false}
 */
public record CommandLine(List<String> arguments, Map<String, List<String>> options) {
    /** Options that every command takes. */
    public static final List<Option> GLOBAL = List.of(
            new Option("log-level", null, "LEVEL", "least level of messages: trace, debug, info, warn, error, fatal")
                    .oneOf("trace", "debug", "info", "warn", "error", "fatal"),
            new Option("log-format", null, "FORMAT", "form of messages: text or json").oneOf("text", "json"),
            new Option("debug", null, null, "show debug messages"),
            new Option("tty", null, null, "ask questions, draw progress; default: whether stdout is a terminal"),
            new Option("yes", "y", null, "ask nothing, the same as --tty=false"),
            new Option("help", "h", null, "show help"));

    /** Splits the words that stand before the command's name; stops at the first that is no flag. */
    static CommandLine global(List<String> words) {
        return parse(words, List.of(new Option("version", "v", null, "show the version")), true);
    }

    /** Splits the words after the command's name. */
    static CommandLine of(CommandSpec spec, List<String> words) {
        // What is to be completed may be a flag, and is none of this command's.
        return spec.name().startsWith("__")
                ? new CommandLine(List.copyOf(words), Map.of())
                : parse(words, spec.options(), spec.flagsEndAtFirstArgument());
    }

    /** Splits the words after a group's name; stops at the member's word. */
    static CommandLine ofGroup(List<String> words) {
        return parse(words, List.of(), true);
    }

    private static CommandLine parse(List<String> words, List<Option> own, boolean flagsEndAtFirstArgument) {
        List<Option> known = new ArrayList<>(own);
        known.addAll(GLOBAL);
        List<String> arguments = new ArrayList<>();
        Map<String, List<String>> options = new LinkedHashMap<>();
        int at = 0;
        while (at < words.size()) {
            String word = words.get(at++);
            if (word.equals("--")) {
                arguments.addAll(words.subList(at, words.size()));
                break;
            } else if (word.startsWith("--")) {
                at = longOption(word, words, at, known, options);
            } else if (word.startsWith("-") && word.length() > 1) {
                at = shortOptions(word, words, at, known, options);
            } else {
                arguments.add(word);
                if (flagsEndAtFirstArgument) {
                    arguments.addAll(words.subList(at, words.size()));
                    break;
                }
            }
        }
        return new CommandLine(List.copyOf(arguments), options);
    }

    private static int longOption(
            String word, List<String> words, int at, List<Option> known, Map<String, List<String>> options) {
        int equals = word.indexOf('=');
        String name = word.substring(2, equals < 0 ? word.length() : equals);
        Option option =
                known.stream().filter(o -> o.name().equals(name)).findFirst().orElseThrow(() -> unknown(name, known));
        if (option.value() == null) {
            put(options, name, equals < 0 ? "true" : truth(word.substring(equals + 1), "--" + name));
            return at;
        }
        if (equals >= 0) {
            put(options, name, word.substring(equals + 1));
            return at;
        }
        if (at == words.size()) {
            throw new LimaException("flag needs an argument: --" + name);
        }
        put(options, name, words.get(at));
        return at + 1;
    }

    private static LimaException unknown(String name, List<Option> known) {
        List<String> near = Spelling.near(name, known.stream().map(Option::name).toList());
        return near.isEmpty()
                ? new LimaException("unknown flag: --" + name)
                : new LimaException("unknown flag: --" + name, "Did you mean --" + String.join(" or --", near) + "?");
    }

    private static int shortOptions(
            String word, List<String> words, int at, List<Option> known, Map<String, List<String>> options) {
        for (int i = 1; i < word.length(); i++) {
            String letter = word.substring(i, i + 1);
            Option option = known.stream()
                    .filter(o -> letter.equals(o.shortName()))
                    .findFirst()
                    .orElseThrow(() -> new LimaException("unknown shorthand flag: '" + letter + "' in " + word));
            String rest = word.substring(i + 1);
            if (option.value() == null) {
                if (rest.startsWith("=")) {
                    put(options, option.name(), truth(rest.substring(1), "-" + letter));
                    return at;
                }
                put(options, option.name(), "true");
            } else if (!rest.isEmpty()) {
                put(options, option.name(), rest.startsWith("=") ? rest.substring(1) : rest);
                return at;
            } else if (at == words.size()) {
                throw new LimaException("flag needs an argument: '" + letter + "' in " + word);
            } else {
                put(options, option.name(), words.get(at));
                return at + 1;
            }
        }
        return at;
    }

    private static String truth(String value, String flag) {
        return switch (value) {
            case "1", "t", "T", "true", "TRUE", "True" -> "true";
            case "0", "f", "F", "false", "FALSE", "False" -> "false";
            default ->
                throw new LimaException("invalid argument \"" + value + "\" for \"" + flag
                        + "\" flag: it is a switch, so only true and false make sense");
        };
    }

    private static void put(Map<String, List<String>> options, String name, String value) {
        options.computeIfAbsent(name, n -> new ArrayList<>()).add(value);
    }

    boolean has(String option) {
        return value(option).map("true"::equals).orElse(false);
    }

    Optional<String> value(String option) {
        List<String> values = options.getOrDefault(option, List.of());
        return values.isEmpty() ? Optional.empty() : Optional.of(values.getLast());
    }

    /** Both lines as one; what the other says comes later and so wins. */
    CommandLine with(CommandLine other) {
        Map<String, List<String>> all = new LinkedHashMap<>(options);
        other.options.forEach((name, values) -> values.forEach(v -> put(all, name, v)));
        return new CommandLine(other.arguments, all);
    }
}
