// SPDX-License-Identifier: Apache-2.0
package io.jlima.ssh.internal;

import java.time.Duration;

/**
 * A moment at which waiting ends.
 *
 * @param nanoTime on the clock of {@link System#nanoTime()}
 */
record Deadline(long nanoTime) {
    /** Longer waits than this are as good as for ever, and longer ones would overflow the clock. */
    private static final Duration LONGEST = Duration.ofDays(365);

    static Deadline after(Duration time) {
        Duration bounded = time.compareTo(LONGEST) > 0 ? LONGEST : time;
        return new Deadline(System.nanoTime() + bounded.toNanos());
    }

    /** What is left, never negative. */
    Duration remaining() {
        return Duration.ofNanos(Math.max(0, nanoTime - System.nanoTime()));
    }

    boolean isOver() {
        return remaining().isZero();
    }
}
