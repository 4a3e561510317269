// SPDX-License-Identifier: Apache-2.0
package io.jlima.hypervisor.qemu.internal;

import java.util.Comparator;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A version of QEMU. */
record QemuVersion(int major, int minor, int micro) implements Comparable<QemuVersion> {
    /** Below this nothing is tried: {@code -audiodev}, {@code -accel} and the disk options in use need it. */
    static final QemuVersion REQUIRED = new QemuVersion(4, 0, 0);

    /** Below this a warning is shown. */
    static final QemuVersion TESTED = new QemuVersion(6, 2, 0);

    private static final Pattern FIRST_LINE = Pattern.compile("QEMU emulator version (\\d+\\.\\d+(?:\\.\\d+)?)");
    private static final Pattern NUMBERS =
            Pattern.compile("v?(\\d{1,6})(?:\\.(\\d{1,6}))?(?:\\.(\\d{1,6}))?(?:[-+].*)?");

    /** The version in the output of {@code --version}; empty when there is none. */
    static Optional<QemuVersion> ofOutput(String output) {
        Matcher line = FIRST_LINE.matcher(output);
        return line.find() ? of(line.group(1)) : Optional.empty();
    }

    /** A version as people write it; missing numbers are 0. */
    static Optional<QemuVersion> of(String text) {
        Matcher m = NUMBERS.matcher(text.strip());
        return m.matches()
                ? Optional.of(new QemuVersion(number(m.group(1)), number(m.group(2)), number(m.group(3))))
                : Optional.empty();
    }

    private static int number(@org.jspecify.annotations.Nullable String digits) {
        return digits == null ? 0 : Integer.parseInt(digits);
    }

    boolean atLeast(int wantedMajor, int wantedMinor) {
        return compareTo(new QemuVersion(wantedMajor, wantedMinor, 0)) >= 0;
    }

    @Override
    public int compareTo(QemuVersion other) {
        return Comparator.comparingInt(QemuVersion::major)
                .thenComparingInt(QemuVersion::minor)
                .thenComparingInt(QemuVersion::micro)
                .compare(this, other);
    }

    @Override
    public String toString() {
        return major + "." + minor + "." + micro;
    }
}
