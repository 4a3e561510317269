// SPDX-License-Identifier: Apache-2.0
package io.jlima.config.internal;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Sizes as lima.yaml writes them: the syntax of RAMInBytes of github.com/docker/go-units, always powers of 1024. */
final class Size {
    private static final Pattern SYNTAX =
            Pattern.compile("(\\d+(?:\\.\\d*)?|\\.\\d+) ?(?:([kmgtp])(?:i?b)?|b)?", Pattern.CASE_INSENSITIVE);
    private static final String UNITS = "kmgtp";

    private Size() {}

    /** The number of bytes; empty when the text is no size or more than a long can hold. */
    static OptionalLong bytes(String text) {
        Matcher matcher = SYNTAX.matcher(text);
        if (text.length() > 40 || !matcher.matches()) {
            return OptionalLong.empty();
        }
        String unit = matcher.group(2);
        int exponent = unit == null ? 0 : UNITS.indexOf(unit.toLowerCase(Locale.ROOT)) + 1;
        // The same floating-point arithmetic as go-units, so that both programs see the same number of bytes.
        double value = Double.parseDouble(matcher.group(1)) * (double) (1L << (10 * exponent));
        return value < 0x1p63 ? OptionalLong.of((long) value) : OptionalLong.empty();
    }

    /** A size with four significant digits and a unit, for example {@code 3.842GiB}. */
    static String print(long bytes) {
        String[] units = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
        BigDecimal value = BigDecimal.valueOf(bytes);
        BigDecimal step = BigDecimal.valueOf(1024);
        int unit = 0;
        while (value.compareTo(step) >= 0 && unit < units.length - 1) {
            value = value.divide(step);
            unit++;
        }
        BigDecimal rounded = value.round(new MathContext(4, RoundingMode.HALF_EVEN));
        return (rounded.signum() == 0 ? "0" : rounded.stripTrailingZeros().toPlainString()) + units[unit];
    }
}
