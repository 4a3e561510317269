// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal;

import java.math.BigDecimal;
import java.math.MathContext;

/** Sizes for people: at most four significant digits and a binary unit, as limactl prints them. */
public final class Sizes {
    private static final String[] UNITS = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};

    private Sizes() {}

    /** For example {@code 4GiB}, {@code 3.842GiB}, {@code 0B}. */
    public static String text(long bytes) {
        double value = bytes;
        int unit = 0;
        while (value >= 1024 && unit < UNITS.length - 1) {
            value /= 1024;
            unit++;
        }
        BigDecimal rounded = new BigDecimal(value).round(new MathContext(4)).stripTrailingZeros();
        return rounded.toPlainString() + UNITS[unit];
    }
}
