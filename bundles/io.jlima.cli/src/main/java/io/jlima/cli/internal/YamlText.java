// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal;

import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Writes trees of maps, lists and scalars as YAML 1.2 that every reader takes the same way. */
public final class YamlText {
    /** Bare words that nobody takes for a number, a date, a boolean or a null, and that begin with no indicator. */
    private static final Pattern PLAIN = Pattern.compile("[A-Za-z/_~][A-Za-z0-9/_.@%+=-]*(?: [A-Za-z0-9/_.@%+=-]+)*");

    private static final Pattern RESERVED =
            Pattern.compile("(?i)~|y|n|yes|no|on|off|true|false|null|\\.inf|\\.nan|nan|inf");

    private YamlText() {}

    /** Block style, indented by two; ends with a line end. */
    public static String of(@Nullable Object value) {
        StringBuilder out = new StringBuilder();
        if (isNested(value)) {
            block(out, value, 0);
        } else {
            out.append(scalar(value)).append('\n');
        }
        return out.toString();
    }

    private static boolean isNested(@Nullable Object value) {
        return value instanceof Map<?, ?> map && !map.isEmpty() || value instanceof List<?> list && !list.isEmpty();
    }

    private static void block(StringBuilder out, @Nullable Object value, int depth) {
        if (value instanceof Map<?, ?> map) {
            boolean first = true;
            for (Map.Entry<?, ?> entry : map.entrySet()) {
                // The first line of a map within a list stands behind the dash.
                if (!first || out.isEmpty() || out.charAt(out.length() - 1) == '\n') {
                    out.repeat(' ', depth);
                }
                first = false;
                out.append(scalar(String.valueOf(entry.getKey()))).append(':');
                after(out, entry.getValue(), entry.getValue() instanceof List ? depth : depth + 2);
            }
        } else if (value instanceof List<?> list) {
            boolean first = true;
            for (Object element : list) {
                if (!first || out.isEmpty() || out.charAt(out.length() - 1) == '\n') {
                    out.repeat(' ', depth);
                }
                first = false;
                out.append('-');
                if (isNested(element)) {
                    out.append(' ');
                    block(out, element, depth + 2);
                } else {
                    out.append(' ').append(scalar(element)).append('\n');
                }
            }
        }
    }

    private static void after(StringBuilder out, @Nullable Object value, int depth) {
        if (isNested(value)) {
            out.append('\n');
            block(out, value, depth);
        } else {
            out.append(' ').append(scalar(value)).append('\n');
        }
    }

    private static String scalar(@Nullable Object value) {
        return switch (value) {
            case null -> "null";
            case Map<?, ?> map -> "{}";
            case List<?> list -> "[]";
            case Number number -> number.toString();
            case Boolean truth -> truth.toString();
            default -> {
                String text = value.toString();
                // A JSON string is a YAML string too.
                yield PLAIN.matcher(text).matches() && !RESERVED.matcher(text).matches() ? text : Json.compact(text);
            }
        };
    }
}
