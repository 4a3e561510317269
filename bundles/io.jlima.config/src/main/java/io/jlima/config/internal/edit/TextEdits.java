// SPDX-License-Identifier: Apache-2.0
package io.jlima.config.internal.edit;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Replacements in a text, collected in any order and made all at once. Positions are those of the text as it was. */
final class TextEdits {
    private record Edit(int start, int end, String replacement) {}

    private final List<Edit> edits = new ArrayList<>();

    void replace(int start, int end, String replacement) {
        if (start > end) {
            throw new CannotEdit("a range that ends before it begins");
        }
        edits.add(new Edit(start, end, replacement));
    }

    void insert(int at, String text) {
        replace(at, at, text);
    }

    void delete(int start, int end) {
        replace(start, end, "");
    }

    /** @throws CannotEdit when two of them touch the same characters */
    String apply(String text) {
        // What is inserted where a deletion begins stands before the deleted.
        List<Edit> sorted = new ArrayList<>(edits);
        sorted.sort(Comparator.comparingInt(Edit::start).thenComparingInt(e -> e.end() == e.start() ? 0 : 1));
        StringBuilder out = new StringBuilder();
        int done = 0;
        for (Edit edit : sorted) {
            if (edit.start() < done) {
                throw new CannotEdit("two changes of the same characters");
            }
            out.append(text, done, edit.start()).append(edit.replacement());
            done = edit.end();
        }
        return out.append(text, done, text.length()).toString();
    }
}
