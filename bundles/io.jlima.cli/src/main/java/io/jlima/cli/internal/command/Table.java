// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.command;

import java.util.ArrayList;
import java.util.List;

/** Rows of words as columns: left aligned, as wide as the longest word and at least four, with gaps of four blanks. */
final class Table {
    private static final int LEAST_WIDTH = 4;
    private static final int GAP = 4;
    private static final int NARROW_GAP = 2;

    private Table() {}

    static String of(List<List<String>> rows) {
        return of(rows, 0);
    }

    /** @param screen columns of the terminal, 0 if it is none: what does not fit otherwise stands closer together */
    static String of(List<List<String>> rows, int screen) {
        List<Integer> widths = widths(rows);
        int total = widths.stream().mapToInt(Integer::intValue).sum() + GAP * (widths.size() - 1);
        int gap = screen > 0 && total > screen ? NARROW_GAP : GAP;
        StringBuilder text = new StringBuilder();
        for (List<String> row : rows) {
            for (int column = 0; column < row.size(); column++) {
                String word = row.get(column);
                boolean last = column == row.size() - 1;
                text.append(word).repeat(' ', last ? 0 : widths.get(column) + gap - word.length());
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
