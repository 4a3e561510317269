// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal;

import java.util.Collection;
import java.util.List;

/** What somebody may have meant by a word that is not known. */
public final class Spelling {
    /** Words further apart than this are no misspellings of each other. */
    private static final int TYPO_DISTANCE = 2;

    /** Of a shorter word, two wrong letters leave nothing to go by. */
    private static final int SHORT = 3;

    private Spelling() {}

    /** Those of the known words that the word may stand for: near misses, and what it is the beginning of. */
    public static List<String> near(String word, Collection<String> known) {
        int allowed = word.length() < 2 ? 0 : word.length() <= SHORT ? 1 : TYPO_DISTANCE;
        return known.stream()
                .filter(k -> !word.isEmpty() && (k.startsWith(word) || distance(k, word) <= allowed))
                .sorted()
                .toList();
    }

    /** Levenshtein distance. */
    static int distance(String a, String b) {
        int[] row = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int substitution = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(substitution, Math.min(row[j], row[j - 1]) + 1);
            }
        }
        return row[b.length()];
    }
}
