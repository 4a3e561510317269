// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal;

import java.util.Locale;

/** Spans of time for people: tenths of a second where they matter, minutes where there are many seconds. */
public final class Spans {
    private Spans() {}

    /** For example {@code 0.3 s}, {@code 42 s}, {@code 1 min 49 s}. */
    public static String text(long nanos) {
        double seconds = nanos / 1e9;
        return seconds < 10
                ? String.format(Locale.ROOT, "%.1f s", seconds)
                : seconds < 100
                        ? String.format(Locale.ROOT, "%.0f s", seconds)
                        : String.format(Locale.ROOT, "%d min %02d s", (long) seconds / 60, (long) seconds % 60);
    }
}
