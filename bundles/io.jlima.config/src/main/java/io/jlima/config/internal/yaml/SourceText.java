// SPDX-License-Identifier: Apache-2.0
package io.jlima.config.internal.yaml;

/** A text with a name, for messages about it. Lines end as YAML's do. */
final class SourceText {
    private final String name;
    private final String text;

    SourceText(String name, String text) {
        this.name = name;
        this.text = text;
    }

    String name() {
        return name;
    }

    /** The line of this number, counted from 1; empty when there is none. Found anew each time: only errors ask. */
    String line(int number) {
        int line = 1;
        int start = 0;
        for (int i = 0; i < text.length(); i++) {
            if (!endsLine(i)) {
                continue;
            }
            if (line == number) {
                return text.substring(start, i);
            }
            if (text.charAt(i) == '\r' && i + 1 < text.length() && text.charAt(i + 1) == '\n') {
                i++;
            }
            line++;
            start = i + 1;
        }
        return line == number ? text.substring(start) : "";
    }

    /** Where a column of a line is, both counted from 1, columns in code points. */
    int index(int lineNumber, int column) {
        int line = 1;
        int i = 0;
        while (line < lineNumber && i < text.length()) {
            if (endsLine(i) && !(text.charAt(i) == '\r' && i + 1 < text.length() && text.charAt(i + 1) == '\n')) {
                line++;
            }
            i++;
        }
        return text.offsetByCodePoints(i, column - 1);
    }

    private boolean endsLine(int index) {
        return isLineEnd(text.charAt(index));
    }

    static boolean isLineEnd(int point) {
        return point == '\n' || point == '\r' || point == 0x85 || point == 0x2028 || point == 0x2029;
    }
}
