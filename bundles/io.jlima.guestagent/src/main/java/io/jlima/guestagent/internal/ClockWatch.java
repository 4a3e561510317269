// SPDX-License-Identifier: Apache-2.0
package io.jlima.guestagent.internal;

import java.time.Duration;
import java.time.InstantSource;
import java.util.function.LongSupplier;

/**
 * Tells when the host's clock has made a jump, as it does over a sleep of the host: guests' clocks do not. Of one
 * thread.
 */
final class ClockWatch {
    /** How often to look. */
    static final Duration TICK = Duration.ofSeconds(2);

    /** Without a jump clocks drift apart by some milliseconds in this time. */
    private static final Duration STEADY = Duration.ofMinutes(1);

    private static final Duration JUMP = Duration.ofMillis(300);

    private final InstantSource wall;
    private final LongSupplier nanos;
    private long offset;
    private long told;

    ClockWatch(InstantSource wall, LongSupplier nanos) {
        this.wall = wall;
        this.nanos = nanos;
        this.offset = offset();
        this.told = nanos.getAsLong();
    }

    private long offset() {
        return wall.millis() - nanos.getAsLong() / 1_000_000;
    }

    /** Whether guests are to be told the time now. */
    boolean isDue() {
        long now = nanos.getAsLong();
        long difference = offset();
        boolean due = Math.abs(difference - offset) > JUMP.toMillis() || now - told >= STEADY.toNanos();
        if (due) {
            offset = difference;
            told = now;
        }
        return due;
    }
}
