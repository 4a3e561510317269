// SPDX-License-Identifier: Apache-2.0
package io.jlima.testing;

import io.jlima.api.guest.AgentSession;
import io.jlima.api.guest.GuestAddress;
import io.jlima.api.guest.GuestStream;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;

/** An agent that is never met and does nothing, but for what a test makes it do. */
public class BareAgent implements AgentSession {
    protected final List<Listener> listeners = new CopyOnWriteArrayList<>();

    @Override
    public CompletionStage<Void> met() {
        return new CompletableFuture<>();
    }

    @Override
    public boolean isConnected() {
        return false;
    }

    @Override
    public AutoCloseable watch(Listener listener) {
        listeners.add(listener);
        return () -> listeners.remove(listener);
    }

    @Override
    public GuestStream open(GuestAddress target) throws IOException {
        throw new IOException("no streams here");
    }

    @Override
    public AutoCloseable listen(GuestAddress address, Acceptor acceptor) throws IOException {
        return () -> {};
    }

    @Override
    public void setClock(Instant now) {}

    @Override
    public void touched(List<FileEvent> events) throws IOException {}

    @Override
    public void close() {}
}
