// SPDX-License-Identifier: Apache-2.0
package io.jlima.expression.internal;

import java.util.Map;

/**
 * Gives an expression yq's meaning where jq's is another, and puts in the calls by which {@link Watch} bounds it. Works
 * on the form in which the library prints what it parsed: each operator with its two sides in parentheses of their own,
 * a blank on both sides of it.
 *
 * <ul>
 *   <li>{@code .a[]} of a missing list is nothing in yq and an error in jq: it becomes {@code .a[]?}.
 *   <li>{@code ==} compares scalars as text and knows wildcards: {@code (A == B)} becomes {@code _eq(A; B)}.
 *   <li>{@code |=} with nothing on the right leaves the value: {@code (A |= B)} becomes {@code _modify(A; B)}.
 *   <li>Sums, products, indices and texts with {@code \(…)} in them are looked at before they get too large.
 * </ul>
 */
final class Canonical {
    private static final Map<String, String> OPERATORS = Map.of(
            "==",
            "_eq",
            "!=",
            "_ne",
            "|=",
            "_modify",
            "*",
            "_times",
            "*=",
            "_times_into",
            "+",
            "_plus",
            "+=",
            "_plus_into");

    private final String text;
    private int at;

    private Canonical(String text) {
        this.text = text;
    }

    /** @param canonical as the library prints it */
    static String translate(String canonical) {
        return new Canonical(canonical).upTo((char) 0);
    }

    /** What stands before the closing bracket, translated; the bracket is left to be read. */
    private String upTo(char closing) {
        StringBuilder out = new StringBuilder();
        String operator = null;
        int leftEnd = 0;
        boolean slice = false;
        while (at < text.length() && text.charAt(at) != closing) {
            char c = text.charAt(at);
            switch (c) {
                case '"' -> string(out);
                case '(' -> parentheses(out);
                case '[' -> brackets(out);
                case '{' -> {
                    at++;
                    out.append('{').append(upTo('}')).append('}');
                    at++;
                }
                case ' ' -> {
                    String word = operatorHere();
                    if (word.equals("|")) {
                        out.append(" | _go_on | ");
                        at += 3;
                    } else if (OPERATORS.containsKey(word) && closing == ')') {
                        operator = word;
                        leftEnd = out.length();
                        at += word.length() + 2;
                    } else {
                        slice |= word.equals(":");
                        out.append(' ');
                        at++;
                    }
                }
                default -> {
                    out.append(c);
                    at++;
                }
            }
        }
        if (operator != null) {
            String function = OPERATORS.getOrDefault(operator, "");
            return function + "(" + out.substring(0, leftEnd) + "; " + out.substring(leftEnd) + ")";
        }
        return closing == ']' && slice ? out.insert(0, ':').toString() : out.toString();
    }

    /** The word between the blank here and the next one. */
    private String operatorHere() {
        int end = text.indexOf(' ', at + 1);
        return end < 0 ? "" : text.substring(at + 1, end);
    }

    private void parentheses(StringBuilder out) {
        at++;
        String inside = upTo(')');
        at++;
        out.append('(').append(inside).append(')');
    }

    private void brackets(StringBuilder out) {
        boolean index = isAfterValue(out);
        at++;
        String inside = upTo(']');
        at++;
        boolean slice = inside.startsWith(":");
        String content = slice ? inside.substring(1) : inside;
        if (index && content.isEmpty()) {
            out.append(at < text.length() && text.charAt(at) == '?' ? "[]" : "[]?");
        } else if (index && !slice) {
            out.append("[_index(").append(content).append(")]");
        } else {
            out.append('[').append(content).append(']');
        }
    }

    /** Whether brackets here belong to the value before them; a list of its own stands after a blank or a bracket. */
    private static boolean isAfterValue(StringBuilder out) {
        if (out.isEmpty()) {
            return false;
        }
        char before = out.charAt(out.length() - 1);
        return Character.isLetterOrDigit(before) || "_.])\"?".indexOf(before) >= 0;
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
                    out.append("_part(").append(upTo(')')).append("))");
                    at++;
                }
            }
        }
    }
}
