// SPDX-License-Identifier: Apache-2.0
package io.jlima.expression.internal;

import java.util.Map;
import java.util.Set;

/**
 * Puts into an expression the calls by which {@link Watch} bounds it, and gives it yq's meaning where jq's is another.
 * Works on the form in which the library prints what it parsed: each operator with its two sides in parentheses of
 * their own, a blank on both sides of it.
 *
 * <p>{@code _step} stands wherever something may be evaluated many times or give many results: at both ends of all that
 * is in parentheses (operators, lists with commas, {@code ..} and what functions are given), in lists, after pipes, after
 * conditions and before what they choose, and around the values of objects; texts, indices and slices have calls of
 * their own. So nothing loops without steps, however operators and functions are put together.
 *
 * <p>Yq's meaning:
 *
 * <ul>
 *   <li>{@code .a[]} of a missing list is nothing in yq and an error in jq: it becomes {@code .a[]?}.
 *   <li>{@code ==} compares scalars as text and knows wildcards: {@code (A == B)} becomes {@code _eq(A; B)}.
 *   <li>{@code |=} with nothing on the right leaves the value: {@code (A |= B)} becomes {@code _modify(A; B)}.
 *   <li>Other assignments, sums, products and quotients become functions that look at what they would make.
 * </ul>
 */
final class Canonical {
    private static final String STEP = "_step";

    private static final Map<String, String> OPERATORS = Map.ofEntries(
            Map.entry("==", "_eq"),
            Map.entry("!=", "_ne"),
            Map.entry("=", "_assign"),
            Map.entry("|=", "_modify"),
            Map.entry("+", "_plus"),
            Map.entry("+=", "_plus_into"),
            Map.entry("-=", "_minus_into"),
            Map.entry("*", "_times"),
            Map.entry("*=", "_times_into"),
            Map.entry("/", "_divide"),
            Map.entry("/=", "_divide_into"),
            Map.entry("%=", "_modulo_into"),
            Map.entry("//=", "_else_into"));

    /** What stands between one word of the field's own and the next: a condition ends, or a choice begins. */
    private static final Map<String, String> WORDS = Map.of(
            "|", "| _step |",
            "then", "| _step then _step |",
            "elif", "| _step elif",
            "else", "| _step else _step |");

    private final String text;
    private final boolean yq;
    private int at;

    private Canonical(String text, boolean yq) {
        this.text = text;
        this.yq = yq;
    }

    /**
     * An expression that somebody wrote.
     *
     * @param canonical as the library prints it
     */
    static String translate(String canonical) {
        return new Canonical(canonical, true).expression(Set.of());
    }

    /** A definition of the library or of ours, which keeps jq's meaning. */
    static String watched(String canonical) {
        return new Canonical(canonical, false).expression(Set.of());
    }

    /** The text up to one of the characters given, translated; that one is left to be read. */
    private String expression(Set<Character> ends) {
        StringBuilder out = new StringBuilder();
        String function = null;
        int left = 0;
        while (at < text.length() && !ends.contains(text.charAt(at))) {
            char c = text.charAt(at);
            switch (c) {
                case '"' -> string(out);
                case '(' -> parentheses(out);
                case '[' -> brackets(out);
                case '{' -> object(out);
                case ' ' -> {
                    String word = nextWord();
                    if (yq && OPERATORS.containsKey(word) && ends.contains(')')) {
                        function = OPERATORS.get(word);
                        left = out.length();
                        at += word.length() + 2;
                    } else if (word.equals("as")) {
                        at += word.length() + 2;
                        out.append(" as ");
                        pattern(out);
                    } else if (WORDS.containsKey(word)) {
                        at += word.length() + 2;
                        out.append(' ').append(WORDS.get(word)).append(' ');
                    } else if (word.equals(":") && ends.contains(':')) {
                        at++;
                    } else {
                        out.append(c);
                        at++;
                    }
                }
                default -> {
                    out.append(c);
                    at++;
                }
            }
        }
        return function == null
                ? out.toString()
                : function + "(" + stepped(out.substring(0, left)) + "; " + stepped(out.substring(left)) + ")";
    }

    private static String stepped(String expression) {
        return STEP + " | " + expression + " | " + STEP;
    }

    /** The word between the blank here and the next one. */
    private String nextWord() {
        int end = text.indexOf(' ', at + 1);
        return end < 0 ? "" : text.substring(at + 1, end);
    }

    private char here() {
        return at < text.length() ? text.charAt(at) : 0;
    }

    /** One expression, or those that a function, reduce or foreach is given. */
    private void parentheses(StringBuilder out) {
        char before = '(';
        do {
            out.append(before).append(before == ';' ? " " : "");
            at++;
            while (here() == ' ') {
                at++;
            }
            out.append(stepped(expression(Set.of(';', ')'))));
            before = ';';
        } while (here() == ';');
        out.append(')');
        at++;
    }

    private void brackets(StringBuilder out) {
        boolean index = isAfterValue(out);
        at++;
        String first = expression(Set.of(':', ']'));
        boolean slice = here() == ':';
        if (slice) {
            at += 2;
            String second = expression(Set.of(']'));
            out.append("[(").append(stepped(first)).append(") : (").append(stepped(second));
            out.append(")]");
            at++;
            return;
        }
        at++;
        if (index && first.isEmpty()) {
            out.append(yq && here() != '?' ? "[]?" : "[]");
        } else if (index) {
            out.append("[_index(").append(first).append(")]");
        } else if (first.isEmpty()) {
            out.append("[]");
        } else {
            out.append('[').append(stepped(first)).append(']');
        }
    }

    /** Whether brackets here belong to the value before them; a list of its own stands after a blank or a bracket. */
    private static boolean isAfterValue(StringBuilder out) {
        if (out.isEmpty()) {
            return false;
        }
        char before = out.charAt(out.length() - 1);
        return Character.isLetterOrDigit(before) || "_.])\"?}".indexOf(before) >= 0;
    }

    private void object(StringBuilder out) {
        do {
            out.append(here() == '{' ? '{' : ',');
            at++;
            while (here() == ' ') {
                at++;
            }
            out.append(key());
            if (here() == ':') {
                at += 2;
                String value = expression(Set.of(',', '}'));
                out.append(": ").append(isOne(value) ? value : "(" + stepped(value) + ")");
            }
        } while (here() == ',');
        out.append('}');
        at++;
    }

    private String key() {
        return expression(Set.of(':', ',', '}'));
    }

    /** Whether it certainly has one result and loops over nothing: a literal, a variable, or a path of plain keys. */
    private static boolean isOne(String value) {
        return value.matches("[.$\"0-9][\\w.$\"/~-]*|null|true|false");
    }

    /** What a value is taken apart by, after "as": only texts in it are expressions. */
    private void pattern(StringBuilder out) {
        int depth = 0;
        do {
            char c = here();
            if (c == '"') {
                string(out);
                continue;
            }
            if (c == '[' || c == '{') {
                depth++;
            } else if (c == ']' || c == '}') {
                depth--;
            }
            out.append(c);
            at++;
        } while (at < text.length() && (depth > 0 || isWordPart(here())));
    }

    private static boolean isWordPart(char c) {
        return c == '_' || Character.isLetterOrDigit(c);
    }

    private void string(StringBuilder out) {
        out.append('"');
        at++;
        while (at < text.length()) {
            char c = text.charAt(at++);
            out.append(c);
            if (c == '"') {
                return;
            }
            if (c == '\\' && at < text.length()) {
                char escaped = text.charAt(at++);
                out.append(escaped);
                if (escaped == '(') {
                    out.append("_part(").append(expression(Set.of(')'))).append("))");
                    at++;
                }
            }
        }
    }
}
