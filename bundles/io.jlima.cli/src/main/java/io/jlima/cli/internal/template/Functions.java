// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.template;

import io.jlima.cli.internal.Json;
import io.jlima.cli.internal.YamlText;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.IllegalFormatException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The functions of a template: those of Go's own, and limactl's json, yaml, indent and missing. */
final class Functions {
    private static final Pattern VERB = Pattern.compile("%([-+ #0]*)(\\d*)(\\.\\d+)?([a-zA-Z%])");

    private Functions() {}

    static @Nullable Object call(String name, List<@Nullable Object> arguments) {
        return switch (name) {
            case "json" -> Json.compact(only(name, arguments));
            case "yaml" -> "---\n" + YamlText.of(only(name, arguments)).stripTrailing();
            case "indent" -> indent(arguments);
            case "missing" -> missing(arguments);
            case "and" -> firstOf(arguments, false);
            case "or" -> firstOf(arguments, true);
            case "not" -> !Values.isTrue(only(name, arguments));
            case "eq" ->
                arguments.subList(1, atLeast(name, 2, arguments)).stream()
                        .anyMatch(a -> Values.equal(arguments.getFirst(), a));
            case "ne" -> !Values.equal(pair(name, arguments).getFirst(), arguments.getLast());
            case "lt" -> compare(name, arguments) < 0;
            case "le" -> compare(name, arguments) <= 0;
            case "gt" -> compare(name, arguments) > 0;
            case "ge" -> compare(name, arguments) >= 0;
            case "len" -> length(only(name, arguments));
            case "index" -> index(arguments);
            case "slice" -> slice(arguments);
            case "print" -> arguments.stream().map(Values::printed).collect(Collectors.joining());
            case "println" -> arguments.stream().map(Values::printed).collect(Collectors.joining(" ")) + "\n";
            case "printf" -> format(arguments);
            case "html" ->
                text(only(name, arguments))
                        .replace("&", "&amp;")
                        .replace("<", "&lt;")
                        .replace(">", "&gt;")
                        .replace("\"", "&#34;")
                        .replace("'", "&#39;");
            case "js" ->
                text(only(name, arguments))
                        .replace("\\", "\\\\")
                        .replace("'", "\\'")
                        .replace("\"", "\\\"");
            case "urlquery" -> URLEncoder.encode(text(only(name, arguments)), StandardCharsets.UTF_8);
            default -> throw new TemplateFault("function \"" + name + "\" not defined");
        };
    }

    private static String text(@Nullable Object value) {
        return Values.printed(value);
    }

    private static int atLeast(String name, int count, List<@Nullable Object> arguments) {
        if (arguments.size() < count) {
            throw new TemplateFault(
                    "wrong number of args for " + name + ": want at least " + count + " got " + arguments.size());
        }
        return arguments.size();
    }

    private static @Nullable Object only(String name, List<@Nullable Object> arguments) {
        if (arguments.size() != 1) {
            throw new TemplateFault("wrong number of args for " + name + ": want 1 got " + arguments.size());
        }
        return arguments.getFirst();
    }

    private static List<@Nullable Object> pair(String name, List<@Nullable Object> arguments) {
        if (arguments.size() != 2) {
            throw new TemplateFault("wrong number of args for " + name + ": want 2 got " + arguments.size());
        }
        return arguments;
    }

    private static int compare(String name, List<@Nullable Object> arguments) {
        return Values.compare(pair(name, arguments).getFirst(), arguments.getLast());
    }

    private static @Nullable Object firstOf(List<@Nullable Object> arguments, boolean truth) {
        atLeast(truth ? "or" : "and", 1, arguments);
        return arguments.stream()
                .filter(a -> Values.isTrue(a) == truth)
                .findFirst()
                .orElse(arguments.getLast());
    }

    /** {@code indent [n] text}: each line with so many blanks in front, two by default. */
    private static String indent(List<@Nullable Object> arguments) {
        atLeast("indent", 1, arguments);
        int count = arguments.size() > 1 && arguments.getFirst() instanceof Number n ? n.intValue() : 2;
        String blanks = " ".repeat(Math.clamp(count, 0, 1000));
        return text(arguments.getLast()).lines().map(l -> blanks + l).collect(Collectors.joining("\n"));
    }

    /** {@code missing [text] value}: the text, {@code <missing>} by default, in place of an empty value. */
    private static @Nullable Object missing(List<@Nullable Object> arguments) {
        atLeast("missing", 1, arguments);
        Object value = arguments.getLast();
        boolean empty = value == null || value instanceof String s && s.isEmpty();
        return !empty ? value : arguments.size() > 1 ? arguments.getFirst() : "<missing>";
    }

    private static long length(@Nullable Object value) {
        return switch (value) {
            case String text -> text.getBytes(StandardCharsets.UTF_8).length;
            case List<?> list -> list.size();
            case Map<?, ?> map -> map.size();
            case null, default -> throw new TemplateFault("len of " + text(value));
        };
    }

    private static @Nullable Object index(List<@Nullable Object> arguments) {
        atLeast("index", 1, arguments);
        Object value = arguments.getFirst();
        for (Object key : arguments.subList(1, arguments.size())) {
            if (value instanceof Map<?, ?> map) {
                value = map.get(String.valueOf(key));
            } else if (value instanceof List<?> list && key instanceof Number number) {
                int at = number.intValue();
                if (at < 0 || at >= list.size()) {
                    throw new TemplateFault("index out of range: " + at);
                }
                value = list.get(at);
            } else {
                throw new TemplateFault("can't index " + text(value) + " with " + text(key));
            }
        }
        return value;
    }

    private static Object slice(List<@Nullable Object> arguments) {
        atLeast("slice", 1, arguments);
        Object value = arguments.getFirst();
        int size = (int) length(value);
        int from = arguments.size() > 1 ? number(arguments.get(1)) : 0;
        int to = arguments.size() > 2 ? number(arguments.get(2)) : size;
        if (from < 0 || to > size || from > to) {
            throw new TemplateFault("slice bounds out of range: " + from + ":" + to);
        }
        return value instanceof String text
                ? text.substring(from, to)
                : ((List<?>) java.util.Objects.requireNonNull(value)).subList(from, to);
    }

    private static int number(@Nullable Object value) {
        if (value instanceof Number number) {
            return number.intValue();
        }
        throw new TemplateFault("not a number: " + text(value));
    }

    /** Go's verbs in Java's words. */
    private static String format(List<@Nullable Object> arguments) {
        atLeast("printf", 1, arguments);
        Matcher verbs = VERB.matcher(text(arguments.getFirst()));
        StringBuilder result = new StringBuilder();
        int next = 1;
        while (verbs.find()) {
            String replacement = "%";
            if (!verbs.group(4).equals("%")) {
                replacement = next < arguments.size()
                        ? verb(verbs, arguments.get(next))
                        : "%!" + verbs.group(4) + "(MISSING)";
                next++;
            }
            verbs.appendReplacement(result, Matcher.quoteReplacement(replacement));
        }
        return verbs.appendTail(result).toString();
    }

    private static String verb(Matcher verb, @Nullable Object value) {
        String flags = verb.group(1) + verb.group(2);
        String precision = verb.group(3) == null ? "" : verb.group(3);
        try {
            return switch (verb.group(4)) {
                case "d" -> String.format(Locale.ROOT, "%" + flags + "d", value);
                case "x" -> String.format(Locale.ROOT, "%" + flags + "x", value);
                case "f" ->
                    String.format(
                            Locale.ROOT,
                            "%" + flags + precision + "f",
                            value instanceof Number n ? n.doubleValue() : value);
                case "q" -> String.format(Locale.ROOT, "%" + flags + "s", Json.compact(text(value)));
                case "s", "v", "t" -> String.format(Locale.ROOT, "%" + flags + precision + "s", text(value));
                default -> "%!" + verb.group(4) + "(" + text(value) + ")";
            };
        } catch (IllegalFormatException e) {
            return "%!" + verb.group(4) + "(" + text(value) + ")";
        }
    }
}
