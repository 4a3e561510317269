// SPDX-License-Identifier: Apache-2.0
package io.jlima.fileevents.internal;

import io.jlima.api.guest.AgentSession;
import io.jlima.api.guest.GuestAddress;
import io.jlima.api.guest.GuestStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;

/** An agent that does to the host's own directory what it would do to a mount of it. */
final class FakeAgent implements AgentSession {
    private final List<Listener> listeners = new CopyOnWriteArrayList<>();
    private final Path location;
    private volatile boolean connected;
    final BlockingQueue<FileEvent> told = new LinkedBlockingQueue<>();

    /** @param location what is mounted */
    FakeAgent(Path location) {
        this.location = location;
    }

    void connect() {
        connected = true;
        listeners.forEach(listener -> listener.connected(List.of()));
    }

    void disconnect() {
        connected = false;
        listeners.forEach(Listener::disconnected);
    }

    int listeners() {
        return listeners.size();
    }

    @Override
    public boolean isConnected() {
        return connected;
    }

    @Override
    public AutoCloseable watch(Listener listener) {
        listeners.add(listener);
        if (connected) {
            listener.connected(List.of());
        }
        return () -> listeners.remove(listener);
    }

    @Override
    public void touched(List<FileEvent> events) throws IOException {
        for (FileEvent event : events) {
            Path file = location.resolve(event.path());
            if (!event.sign() && Files.exists(file)) {
                Files.setLastModifiedTime(file, FileTime.from(event.time()));
            }
            told.add(event);
        }
    }

    @Override
    public CompletionStage<Void> met() {
        return new CompletableFuture<>();
    }

    @Override
    public GuestStream open(GuestAddress target) throws IOException {
        throw new IOException("no streams here");
    }

    @Override
    public AutoCloseable listen(GuestAddress address, Acceptor acceptor) {
        return () -> {};
    }

    @Override
    public void setClock(Instant now) {}

    @Override
    public void close() {}
}
