// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal;

import java.util.Locale;

/** How jlima calls itself towards programs that know Lima. */
public final class Versions {
    /** The Lima release whose behaviour this is a drop-in for. */
    private static final String LIMA = "2.2.0";

    private Versions() {}

    /** For example {@code 2.2.0+jlima.0.1.0}: a semantic version that Lima's own readers take for 2.2.0. */
    public static String limaCompatible(String version) {
        String own = version.split("[+ ]", 2)[0].replace("-SNAPSHOT", "").toLowerCase(Locale.ROOT);
        return LIMA + "+jlima." + own;
    }
}
