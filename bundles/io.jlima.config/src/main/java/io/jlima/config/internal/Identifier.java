// SPDX-License-Identifier: Apache-2.0
package io.jlima.config.internal;

import java.util.Locale;
import java.util.regex.Pattern;

/** Names of instances and disks. */
public final class Identifier {
    /** The rule of containerd, which Lima took over. */
    private static final Pattern SYNTAX = Pattern.compile("[A-Za-z0-9]+(?:[._-][A-Za-z0-9]+)*");

    private static final int LONGEST = 76;

    private Identifier() {}

    public static boolean isIdentifier(String text) {
        return text.length() <= LONGEST && SYNTAX.matcher(text).matches();
    }

    /** An identifier that cannot be mistaken for a file. */
    public static boolean isInstanceName(String text) {
        String lower = text.toLowerCase(Locale.ROOT);
        return isIdentifier(text) && !lower.endsWith(".yml") && !lower.endsWith(".yaml");
    }
}
