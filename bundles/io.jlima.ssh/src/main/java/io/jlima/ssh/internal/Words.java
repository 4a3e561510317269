// SPDX-License-Identifier: Apache-2.0
package io.jlima.ssh.internal;

import java.time.Duration;
import java.util.Locale;

/** How amounts are put for people. */
final class Words {
    private Words() {}

    /** For example {@code 2.5 s}; without a fraction from ten seconds on. */
    static String of(Duration time) {
        double seconds = time.toMillis() / 1000.0;
        boolean whole = seconds >= 10 || seconds == Math.rint(seconds);
        return String.format(Locale.ROOT, whole ? "%.0f s" : "%.1f s", seconds);
    }
}
