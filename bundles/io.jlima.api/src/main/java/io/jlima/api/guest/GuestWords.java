// SPDX-License-Identifier: Apache-2.0
package io.jlima.api.guest;

import java.util.regex.Pattern;

/** Text that programs of a guest have written and people of the host read, on terminals that obey what is in it. */
public final class GuestWords {
    /**
     * Control characters of ISO 6429, among them those that begin escape sequences, but for tabs and ends of lines; and
     * the characters of Unicode that make a line read from right to left.
     */
    private static final Pattern OBEYED =
            Pattern.compile("[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f\\u202a-\\u202e\\u2066-\\u2069]");

    private GuestWords() {}

    /** The text with a question mark for each character that a terminal would obey. */
    public static String plain(String words) {
        return OBEYED.matcher(words).replaceAll("?");
    }
}
