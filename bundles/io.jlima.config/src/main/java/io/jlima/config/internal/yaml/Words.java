// SPDX-License-Identifier: Apache-2.0
package io.jlima.config.internal.yaml;

import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Which known word a mistyped one was meant to be. */
public final class Words {
    private Words() {}

    /** The known word that takes the fewest edits; empty when none is near. */
    public static Optional<String> nearest(String word, Collection<String> known) {
        return near(word, known).stream().findFirst();
    }

    /** All known words that are near, the nearest first. */
    public static List<String> near(String word, Collection<String> known) {
        int most = Math.max(2, word.length() / 2);
        record Candidate(String word, int distance) {}
        return known.stream()
                .map(k -> new Candidate(k, distance(word.toLowerCase(Locale.ROOT), k.toLowerCase(Locale.ROOT))))
                .filter(c -> c.distance <= most && c.distance < Math.max(word.length(), 1))
                .sorted(Comparator.comparingInt(Candidate::distance).thenComparing(Candidate::word))
                .map(Candidate::word)
                .toList();
    }

    /** Levenshtein distance; words are cut to 64 characters so that hostile ones cost nothing. */
    private static int distance(String a, String b) {
        String x = a.substring(0, Math.min(64, a.length()));
        int[] row = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= x.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int cost = x.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1;
                int next = Math.min(Math.min(row[j], row[j - 1]) + 1, diagonal + cost);
                diagonal = row[j];
                row[j] = next;
            }
        }
        return row[b.length()];
    }
}
