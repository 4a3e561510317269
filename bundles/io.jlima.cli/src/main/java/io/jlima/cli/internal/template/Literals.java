// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.template;

/** Values written in a template. */
final class Literals {
    private Literals() {}

    static Object value(String word) {
        char first = word.charAt(0);
        if (first == '`') {
            return word.substring(1, word.length() - 1);
        }
        if (first == '"') {
            return unescaped(word.substring(1, word.length() - 1));
        }
        if (first == '\'') {
            return (long) unescaped(word.substring(1, word.length() - 1)).codePointAt(0);
        }
        try {
            return Long.decode(word.replace("_", ""));
        } catch (NumberFormatException e) {
            try {
                return Double.valueOf(word);
            } catch (NumberFormatException f) {
                throw new TemplateFault("bad number syntax: \"" + word + "\"");
            }
        }
    }

    private static String unescaped(String text) {
        StringBuilder result = new StringBuilder();
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c != '\\') {
                result.append(c);
                continue;
            }
            char escaped = text.charAt(++i);
            switch (escaped) {
                case 'n' -> result.append('\n');
                case 't' -> result.append('\t');
                case 'r' -> result.append('\r');
                case '\\', '"', '\'' -> result.append(escaped);
                case 'x', 'u' -> {
                    int digits = escaped == 'x' ? 2 : 4;
                    if (i + digits >= text.length()) {
                        throw new TemplateFault("bad escape \\" + escaped);
                    }
                    result.append((char) Integer.parseInt(text, i + 1, i + 1 + digits, 16));
                    i += digits;
                }
                default -> throw new TemplateFault("unknown escape \\" + escaped);
            }
        }
        return result.toString();
    }
}
