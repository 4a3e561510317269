// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.instance;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A list in brackets within a text of YAML (1.2.2, section 7.4.1), however many lines it takes.
 *
 * @param open place of the opening bracket
 * @param ends places of what ends each entry: a comma, or the closing bracket
 * @param close place of the closing bracket
 */
record FlowList(String text, int open, List<Integer> ends, int close) {
    /** The list that opens there; empty when it does not end. */
    static Optional<FlowList> at(String text, int open) {
        List<Integer> ends = new ArrayList<>();
        int depth = 0;
        for (int i = open; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '"', '\'' -> i = beginsWord(text, i) ? endOfQuotes(text, i) : i;
                case '#' -> i = Character.isWhitespace(text.charAt(i - 1)) ? endOfLine(text, i) : i;
                case '[', '{' -> depth++;
                case ']', '}' -> {
                    if (--depth == 0) {
                        int last = ends.isEmpty() ? open : ends.getLast();
                        if (!text.substring(last + 1, i).isBlank()) {
                            ends.add(i);
                        }
                        return Optional.of(new FlowList(text, open, ends, i));
                    }
                }
                case ',' -> {
                    if (depth == 1) {
                        ends.add(i);
                    }
                }
                default -> {}
            }
        }
        return Optional.empty();
    }

    /** Within a word, as in {@code it's}, a quotation mark is a character like any other. */
    private static boolean beginsWord(String text, int at) {
        return "[{,: \t\n".indexOf(text.charAt(at - 1)) >= 0;
    }

    private static int endOfQuotes(String text, int from) {
        char quote = text.charAt(from);
        for (int i = from + 1; i < text.length(); i++) {
            if (quote == '"' && text.charAt(i) == '\\') {
                i++;
            } else if (text.charAt(i) == quote) {
                boolean doubled = quote == '\'' && i + 1 < text.length() && text.charAt(i + 1) == quote;
                if (!doubled) {
                    return i;
                }
                i++;
            }
        }
        return text.length();
    }

    private static int endOfLine(String text, int from) {
        int end = text.indexOf('\n', from);
        return end < 0 ? text.length() : end;
    }

    /** The whole text with one more entry, the first. */
    String with(String entry) {
        return text.substring(0, open + 1) + entry + (ends.isEmpty() ? "" : ", ") + text.substring(open + 1);
    }

    /** The whole text without one entry, for each entry. */
    List<String> without() {
        List<String> texts = new ArrayList<>();
        for (int i = 0; i < ends.size(); i++) {
            boolean last = ends.get(i) == close;
            int from = i == 0 ? open + 1 : ends.get(i - 1) + (last ? 0 : 1);
            int to = ends.get(i) + (last ? 0 : 1);
            texts.add(text.substring(0, from) + text.substring(to).replaceFirst("^ +", i == 0 ? "" : " "));
        }
        return texts;
    }
}
