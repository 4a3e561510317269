// SPDX-License-Identifier: Apache-2.0
package io.jlima.fileevents.internal;

import io.jlima.testing.BareAgent;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

/** An agent that does to the host's own directory what it would do to a mount of it. */
final class FakeAgent extends BareAgent {
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
        AutoCloseable watching = super.watch(listener);
        if (connected) {
            listener.connected(List.of());
        }
        return watching;
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
}
