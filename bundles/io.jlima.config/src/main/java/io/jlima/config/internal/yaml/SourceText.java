// SPDX-License-Identifier: Apache-2.0
package io.jlima.config.internal.yaml;

import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** A text with a name, for messages about it. Lines end as YAML's do. */
final class SourceText {
    private final String name;
    private final String text;
    private volatile int @Nullable [] starts;

    SourceText(String name, String text) {
        this.name = name;
        this.text = text;
    }

    String name() {
        return name;
    }

    /** The line of this number, counted from 1; empty when there is none. */
    String line(int number) {
        int[] all = starts();
        if (number < 1 || number > all.length) {
            return "";
        }
        int end = text.length();
        if (number < all.length) {
            end = all[number] - 1;
            if (end > all[number - 1] && text.charAt(end) == '\n' && text.charAt(end - 1) == '\r') {
                end--;
            }
        }
        return text.substring(all[number - 1], end);
    }

    /** Where a column of a line is, both counted from 1, columns in code points. */
    int index(int lineNumber, int column) {
        int[] all = starts();
        int start = lineNumber > all.length ? text.length() : all[Math.max(1, lineNumber) - 1];
        return text.offsetByCodePoints(start, column - 1);
    }

    /** Where each line begins; found when the first message asks. */
    private int[] starts() {
        int[] known = starts;
        if (known == null) {
            IntStream.Builder found = IntStream.builder();
            found.add(0);
            for (int i = 0; i < text.length(); i++) {
                char c = text.charAt(i);
                if (isLineEnd(c) && !(c == '\r' && i + 1 < text.length() && text.charAt(i + 1) == '\n')) {
                    found.add(i + 1);
                }
            }
            known = found.build().toArray();
            starts = known;
        }
        return known;
    }

    static boolean isLineEnd(int point) {
        return point == '\n' || point == '\r' || point == 0x85 || point == 0x2028 || point == 0x2029;
    }
}
