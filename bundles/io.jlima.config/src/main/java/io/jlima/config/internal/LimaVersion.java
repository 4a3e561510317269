// SPDX-License-Identifier: Apache-2.0
package io.jlima.config.internal;

import java.util.Comparator;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** A version as Lima numbers them. What follows the three numbers does not count. */
public record LimaVersion(int major, int minor, int patch) implements Comparable<LimaVersion> {
    /** The Lima release whose files jlima understands. */
    public static final LimaVersion UNDERSTOOD = new LimaVersion(2, 2, 0);

    private static final Pattern SYNTAX =
            Pattern.compile("v?(\\d{1,6})(?:\\.(\\d{1,6}))?(?:\\.(\\d{1,6}))?(?:[-+][0-9A-Za-z.+-]*)?(?:\\.m)?");

    /** A version of one to three numbers; empty when the text is none. */
    public static Optional<LimaVersion> parse(String text) {
        Matcher matcher = SYNTAX.matcher(text.strip());
        return matcher.matches()
                ? Optional.of(new LimaVersion(number(matcher, 1), number(matcher, 2), number(matcher, 3)))
                : Optional.empty();
    }

    /**
     * Whether an instance was made by a Lima older than this.
     *
     * @param createdBy content of {@code lima-version}; null for an instance not made yet, empty for one of a Lima too
     *     old to write the file. Versions that name jlima are none of Lima, nor are those of the series 0.1, which jlima
     *     began with and Lima left before it had the file. What is no version counts as newest.
     */
    public static boolean madeByLimaBefore(@Nullable String createdBy, int major, int minor) {
        if (createdBy == null) {
            return false;
        }
        return createdBy.isBlank()
                || lima(createdBy)
                        .filter(v -> v.compareTo(new LimaVersion(major, minor, 0)) < 0)
                        .isPresent();
    }

    /** Whether Lima, of any age, made the instance. */
    public static boolean madeByLima(@Nullable String createdBy) {
        return createdBy != null && (createdBy.isBlank() || lima(createdBy).isPresent());
    }

    private static Optional<LimaVersion> lima(String createdBy) {
        if (createdBy.toLowerCase(Locale.ROOT).contains("jlima")) {
            return Optional.empty();
        }
        return parse(createdBy).filter(v -> v.compareTo(new LimaVersion(0, 2, 0)) >= 0);
    }

    private static int number(Matcher matcher, int group) {
        return matcher.group(group) == null ? 0 : Integer.parseInt(matcher.group(group));
    }

    @Override
    public int compareTo(LimaVersion other) {
        return Comparator.comparingInt(LimaVersion::major)
                .thenComparingInt(LimaVersion::minor)
                .thenComparingInt(LimaVersion::patch)
                .compare(this, other);
    }

    @Override
    public String toString() {
        return major + "." + minor + "." + patch;
    }
}
