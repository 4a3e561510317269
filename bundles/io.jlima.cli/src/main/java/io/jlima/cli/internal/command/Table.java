// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.command;

import java.util.List;

/** Rows of words as columns: left aligned, as wide as the longest word and at least four, with gaps of four blanks. */
final class Table {
    private static final int LEAST_WIDTH = 4;
    private static final int GAP = 4;

    private Table() {}

    static String of(List<List<String>> rows) {
        StringBuilder text = new StringBuilder();
        for (List<String> row : rows) {
            for (int column = 0; column < row.size(); column++) {
                String word = row.get(column);
                boolean last = column == row.size() - 1;
                text.append(word).repeat(' ', last ? 0 : width(rows, column) + GAP - word.length());
            }
            text.append('\n');
        }
        return text.toString();
    }

    private static int width(List<List<String>> rows, int column) {
        return rows.stream()
                .filter(r -> r.size() > column)
                .mapToInt(r -> r.get(column).length())
                .reduce(LEAST_WIDTH, Math::max);
    }
}
