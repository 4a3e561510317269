// SPDX-License-Identifier: Apache-2.0
package io.jlima.ssh.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** Waits for what nothing tells of. */
final class Eventually {
    private Eventually() {}

    static void holds(String what, Duration time, BooleanSupplier condition) {
        Deadline deadline = Deadline.after(time);
        while (!condition.getAsBoolean() && !deadline.isOver()) {
            LockSupport.parkNanos(Duration.ofMillis(10).toNanos());
        }
        assertThat(condition.getAsBoolean()).as(what).isTrue();
    }
}
