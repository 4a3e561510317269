// SPDX-License-Identifier: Apache-2.0
package io.jlima.config.internal.yaml;

/**
 * A place in a text.
 *
 * @param text where it stands
 * @param line counted from 1; 0 for values that stand in no text
 * @param column counted from 1, in code points
 */
public record Mark(SourceText text, int line, int column) {
    /** Where values come from that nobody wrote. */
    public static final Mark BUILT_IN = new Mark(new SourceText("built-in default", ""), 0, 0);

    /** The longest part of a line that a message shows. */
    private static final int SHOWN = 120;

    /** {@code file:line:column}, the form that editors jump to. */
    public String position() {
        return line == 0 ? source() : source() + ":" + line + ":" + column;
    }

    /** The same as an index into the text. */
    int index() {
        return text.index(line, column);
    }

    /** Name of the text. */
    public String source() {
        return text.name();
    }

    /** The line without its indentation, cut to a readable length around the column; control characters made visible. */
    public String shownLine() {
        int[] points = text.line(line).codePoints().toArray();
        int from = Math.max(0, Math.min(column - 1, points.length) - SHOWN / 2);
        int to = Math.min(points.length, from + SHOWN);
        StringBuilder shown = new StringBuilder(from > 0 ? "…" : "");
        for (int i = from; i < to; i++) {
            if (points[i] == '\t') {
                shown.append("\\t");
            } else if (Character.isISOControl(points[i])) {
                shown.append(String.format("\\u%04x", points[i]));
            } else {
                shown.appendCodePoint(points[i]);
            }
        }
        return shown.append(to < points.length ? "…" : "").toString().strip();
    }
}
