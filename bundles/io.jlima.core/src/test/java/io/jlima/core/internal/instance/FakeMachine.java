// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.instance;

import io.jlima.api.machine.Machine;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/** A machine whose process is this object. */
final class FakeMachine implements Machine {
    final CompletableFuture<Exit> exited = new CompletableFuture<>();
    final CountDownLatch asked = new CountDownLatch(1);
    final Listener listener;
    private final ProcessIdentity identity;
    volatile boolean stubborn;
    volatile boolean released;
    volatile boolean killed;
    volatile @Nullable Duration grace;

    FakeMachine(long pid, Listener listener) {
        identity = new ProcessIdentity(pid, pid * 7);
        this.listener = listener;
    }

    @Override
    public ProcessIdentity identity() {
        return identity;
    }

    @Override
    public String accelerator() {
        return "none";
    }

    @Override
    public CompletionStage<Exit> exited() {
        return exited;
    }

    @Override
    public boolean powerOff(Duration grace) throws InterruptedException {
        this.grace = grace;
        asked.countDown();
        if (!stubborn) {
            exited.complete(new Exit(true, ""));
        }
        try {
            exited.get();
        } catch (java.util.concurrent.ExecutionException e) {
            throw new IllegalStateException(e);
        }
        return !killed;
    }

    @Override
    public void kill() {
        killed = true;
        exited.complete(new Exit(true, ""));
    }

    @Override
    public void release() {
        released = true;
    }
}
