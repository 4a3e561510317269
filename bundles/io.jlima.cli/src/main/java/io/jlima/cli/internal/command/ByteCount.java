// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.command;

import io.jlima.api.LimaException;
import java.math.BigDecimal;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Sizes as limactl's users write them: {@code 10GiB}, {@code 512 MB}, {@code 1.5g}; every unit is a power of 1024. */
final class ByteCount {
    private static final Pattern SIZE = Pattern.compile("(\\d{1,18}(?:\\.\\d{1,9})?) ?([KMGTP])?I?B?");

    private static final String UNITS = "KMGTP";

    private ByteCount() {}

    /** @param flag the option that gave it, for messages */
    static long parse(String text, String flag) {
        Matcher parts = SIZE.matcher(text.strip().toUpperCase(Locale.ROOT));
        if (parts.matches()) {
            int power = parts.group(2) == null ? 0 : UNITS.indexOf(parts.group(2)) + 1;
            BigDecimal bytes = new BigDecimal(parts.group(1)).multiply(BigDecimal.valueOf(1L << 10 * power));
            if (bytes.compareTo(BigDecimal.valueOf(Long.MAX_VALUE)) <= 0) {
                return bytes.longValue();
            }
        }
        throw new LimaException(
                "invalid argument \"" + text + "\" for \"--" + flag + "\" flag: not a size",
                "Write for example 10GiB or 512MiB");
    }
}
