// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.cidata;

import io.jlima.api.LimaException;
import java.util.regex.Pattern;

/** Values that go into files of lines, where a line break would begin a line of somebody else's making. */
final class OneLine {
    private static final Pattern CONTROL = Pattern.compile("[\\p{Cntrl}\\u0085\\u2028\\u2029]");

    private OneLine() {}

    /** The value itself; refuses control characters. */
    static String checked(String what, String value) {
        if (CONTROL.matcher(value).find()) {
            throw new LimaException(
                    what + " contains a control character", Yaml.quoted(value), "Write it on one line.", null);
        }
        return value;
    }

    /** The value itself if all of it matches; refuses it otherwise. */
    static String matching(Pattern pattern, String what, String value) {
        if (!pattern.matcher(value).matches()) {
            throw new LimaException(
                    what + " is " + Yaml.quoted(value) + ", which a guest cannot take",
                    null,
                    "It must match " + pattern.pattern() + ".",
                    null);
        }
        return value;
    }

    /** The value without what {@link #checked} refuses. */
    static String stripped(String value) {
        return CONTROL.matcher(value).replaceAll("");
    }
}
