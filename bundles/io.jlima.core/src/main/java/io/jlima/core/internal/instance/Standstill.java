// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.instance;

import io.jlima.api.machine.Machine;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Whether a machine stands still now, and the wait until it goes on. Thread-safe. */
final class Standstill {
    private CompletableFuture<Void> over = CompletableFuture.completedFuture(null);

    synchronized void happened(Machine.Event event) {
        if (event instanceof Machine.Paused && over.isDone()) {
            over = new CompletableFuture<>();
        } else if (event instanceof Machine.Resumed) {
            over.complete(null);
        }
    }

    /** Whatever comes next is another machine. */
    synchronized void end() {
        over.complete(null);
    }

    private synchronized CompletableFuture<Void> over() {
        return over;
    }

    /** Waits as long as it stands still; false when that takes longer than the limit. */
    boolean await(Duration limit) throws InterruptedException {
        try {
            over().get(limit.toNanos(), TimeUnit.NANOSECONDS);
            return true;
        } catch (TimeoutException e) {
            return false;
        } catch (ExecutionException e) {
            throw new IllegalStateException("It never ends in an error", e);
        }
    }
}
