// SPDX-License-Identifier: Apache-2.0
package io.jlima.guestagent.internal;

import java.util.function.LongSupplier;

/**
 * How much a guest may say that nobody has asked for: a store that fills at a steady rate. Far above what any guest
 * needs, and far below what would keep the host busy. Of one thread.
 */
final class Rate {
    /** A whole table of ports, and the same again. */
    static final long STORE = 200_000;

    static final long EACH_SECOND = 20_000;
    private static final long SECOND = 1_000_000_000L;

    private final LongSupplier nanos;
    private long left = STORE;
    private long filled;

    Rate() {
        this(System::nanoTime);
    }

    Rate(LongSupplier nanos) {
        this.nanos = nanos;
        this.filled = nanos.getAsLong();
    }

    /** Takes that much; false when it is not there. */
    boolean spend(int cost) {
        left -= cost;
        if (left >= 0) {
            return true;
        }
        long now = nanos.getAsLong();
        long more = Math.min(STORE, (now - filled) / (SECOND / EACH_SECOND));
        filled = now;
        left = Math.min(STORE, left + more);
        return left >= 0;
    }
}
