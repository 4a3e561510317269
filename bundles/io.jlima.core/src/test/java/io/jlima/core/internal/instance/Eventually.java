// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.instance;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Waits for events, and fails when they do not come. */
final class Eventually {
    /** Longer than anything here takes, however busy the machine is. */
    static final long SECONDS = 60;

    private Eventually() {}

    static void happens(CountDownLatch latch, String what) throws InterruptedException {
        if (!latch.await(SECONDS, TimeUnit.SECONDS)) {
            throw new AssertionError(what + " did not happen");
        }
    }

    static void ends(Thread thread) throws InterruptedException {
        if (!thread.join(java.time.Duration.ofSeconds(SECONDS))) {
            throw new AssertionError(thread + " does not end");
        }
    }
}
