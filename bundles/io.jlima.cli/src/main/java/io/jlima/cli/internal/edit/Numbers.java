// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.edit;

import io.jlima.api.LimaException;
import io.jlima.cli.internal.edit.EditFlag.Values;
import java.math.BigDecimal;

/** Numbers on the command line. */
final class Numbers {
    /** The highest port (RFC 793). */
    private static final int HIGHEST_PORT = 65535;

    /** More than any disk has, in GiB; keeps absurd exponents out. */
    private static final BigDecimal MOST_GIBIBYTES = new BigDecimal("1e9");

    private Numbers() {}

    static int whole(Values values) {
        int number = parse(values);
        if (number < 0) {
            throw invalid(values, "it cannot be negative");
        }
        return number;
    }

    static int port(Values values) {
        int number = parse(values);
        if (number < 0 || number > HIGHEST_PORT) {
            throw invalid(values, "ports are 0 to " + HIGHEST_PORT);
        }
        return number;
    }

    private static int parse(Values values) {
        try {
            return Integer.parseInt(values.last());
        } catch (NumberFormatException e) {
            throw invalid(values, "a whole number is needed");
        }
    }

    /** {@code 1.5} as {@code 1.5GiB}. */
    static String gibibytes(Values values) {
        BigDecimal number;
        try {
            number = new BigDecimal(values.last());
        } catch (NumberFormatException e) {
            throw invalid(values, "a number of GiB is needed, without a unit, for example 4 or 0.5");
        }
        if (number.signum() < 0 || number.compareTo(MOST_GIBIBYTES) > 0) {
            throw invalid(values, "it must be a size in GiB");
        }
        return (number.signum() == 0 ? "0" : number.stripTrailingZeros().toPlainString()) + "GiB";
    }

    static LimaException invalid(Values values, String why) {
        return new LimaException(
                "invalid argument \"" + values.last() + "\" for \"--" + values.flag() + "\" flag: " + why);
    }
}
