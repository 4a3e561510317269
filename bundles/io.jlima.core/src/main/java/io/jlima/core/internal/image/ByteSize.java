// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.image;

import java.util.Locale;

/** Sizes as people read them. */
public final class ByteSize {
    private static final String[] UNITS = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};

    private ByteSize() {}

    /** A number of bytes with a binary unit, for example {@code 1.5 GiB}; whole numbers without a fraction. */
    public static String text(long bytes) {
        if (bytes < 1024) {
            return bytes + " bytes";
        }
        double value = bytes;
        int unit = -1;
        while (value >= 1024 && unit < UNITS.length - 1) {
            value /= 1024;
            unit++;
        }
        return value == Math.rint(value)
                ? "%d %s".formatted((long) value, UNITS[unit])
                : "%s %s".formatted(String.format(Locale.ROOT, "%.2f", value), UNITS[unit]);
    }
}
