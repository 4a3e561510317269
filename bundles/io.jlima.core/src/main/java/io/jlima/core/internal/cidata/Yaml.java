// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.cidata;

import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/** Writes text as YAML scalars that every reader of YAML 1.1 and 1.2 gives back unchanged. */
final class Yaml {
    private static final Pattern PLAIN = Pattern.compile("[A-Za-z/][A-Za-z0-9_/.+-]*");

    /** Plain words that YAML 1.1 readers take for booleans or nothing. */
    private static final Set<String> TAKEN = Set.of("y", "n", "yes", "no", "on", "off", "true", "false", "null");

    private Yaml() {}

    /** The text without quotes when no reader can mistake it, else in double quotes. */
    static String scalar(String text) {
        boolean plain = PLAIN.matcher(text).matches() && !TAKEN.contains(text.toLowerCase(Locale.ROOT));
        return plain ? text : quoted(text);
    }

    /** The text in double quotes, on one line. */
    static String quoted(String text) {
        StringBuilder out = new StringBuilder("\"");
        text.codePoints().forEach(c -> {
            switch (c) {
                case '"' -> out.append("\\\"");
                case '\\' -> out.append("\\\\");
                case '\n' -> out.append("\\n");
                case '\t' -> out.append("\\t");
                default -> {
                    if (Character.getType(c) == Character.SURROGATE) {
                        // Half a character cannot be written in UTF-8 at all.
                        out.append('\ufffd');
                    } else if (printable(c)) {
                        out.appendCodePoint(c);
                    } else {
                        out.append("\\u%04x".formatted(c));
                    }
                }
            }
        });
        return out.append('"').toString();
    }

    /**
     * The text as a literal block with its indicator, each line below indented by so many blanks; in double quotes
     * when a block cannot carry it.
     */
    static String block(String text, int indent) {
        String body = text.endsWith("\n") ? text.substring(0, text.length() - 1) : text;
        boolean carries = !body.isEmpty()
                && !body.endsWith("\n")
                && !body.endsWith(" ")
                && text.codePoints().allMatch(c -> c == '\n' || c == '\t' || printable(c));
        if (!carries) {
            return quoted(text);
        }
        StringBuilder out = new StringBuilder("|");
        if (" \t\n".indexOf(body.charAt(0)) >= 0) {
            // A reader would take the blanks of the first line for indentation. The number counts from the parent,
            // which always is two to the left.
            out.append('2');
        }
        if (!text.endsWith("\n")) {
            out.append('-');
        }
        String margin = " ".repeat(indent);
        body.lines().forEach(line -> out.append('\n').append(line.isEmpty() ? "" : margin + line));
        return out.toString();
    }

    /** The characters that may stand in YAML as they are, less those that some reader takes for a line break. */
    private static boolean printable(int c) {
        return c >= 0x20 && c <= 0x7e
                || c >= 0xa0 && c <= 0xd7ff && c != 0x2028 && c != 0x2029
                || c >= 0xe000 && c <= 0xfffd && c != 0xfeff
                || c >= 0x10000;
    }
}
