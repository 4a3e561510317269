// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.command;

import java.util.ArrayList;
import java.util.List;

/** Rows of words as columns: left aligned, as wide as the longest word and at least four, with gaps of four blanks. */
final class Table {
    private static final int LEAST_WIDTH = 4;
    private static final int GAP = 4;

    private Table() {}

    static String of(List<List<String>> rows) {
        List<Integer> widths = widths(rows);
        StringBuilder text = new StringBuilder();
        for (List<String> row : rows) {
            for (int column = 0; column < row.size(); column++) {
                String word = row.get(column);
                boolean last = column == row.size() - 1;
                text.append(word).repeat(' ', last ? 0 : widths.get(column) + GAP - word.length());
            }
            text.append('\n');
        }
        return text.toString();
    }

    /** Of all columns, in one go: a long table is no reason to wait. */
    private static List<Integer> widths(List<List<String>> rows) {
        List<Integer> widths = new ArrayList<>();
        for (List<String> row : rows) {
            for (int column = 0; column < row.size(); column++) {
                if (column == widths.size()) {
                    widths.add(LEAST_WIDTH);
                }
                widths.set(column, Math.max(widths.get(column), row.get(column).length()));
            }
        }
        return widths;
    }
}
