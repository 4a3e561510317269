// SPDX-License-Identifier: Apache-2.0
package io.jlima.guestagent.internal;

import io.jlima.api.guest.AgentSession;
import io.jlima.api.guest.GuestAddress;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** What the agent has told of the guest, and who wants to know. Thread-safe. */
final class GuestState {
    /** Ports of both protocols at several addresses; a guest has a few dozen. */
    private static final int MOST_PORTS = 70_000;

    private static final int MOST_STAGES = 32;

    private final String name;
    private final Set<GuestAddress> ports = new LinkedHashSet<>();
    private final Set<String> stages = new LinkedHashSet<>();
    private final List<Watcher> watchers = new ArrayList<>();
    private boolean synced;

    GuestState(String name) {
        this.name = name;
    }

    synchronized AutoCloseable watch(AgentSession.Listener listener) {
        Watcher watcher = new Watcher(name, listener);
        if (synced) {
            watcher.connected(List.copyOf(ports));
        }
        stages.forEach(watcher::stage);
        watchers.add(watcher);
        return () -> forget(watcher);
    }

    private synchronized void forget(Watcher watcher) {
        watchers.remove(watcher);
        watcher.close();
    }

    synchronized void port(GuestAddress address, boolean present) throws ProtocolException {
        boolean news = present ? ports.add(address) : ports.remove(address);
        if (ports.size() > MOST_PORTS) {
            throw new ProtocolException("more than " + MOST_PORTS + " ports");
        }
        if (news && synced) {
            watchers.forEach(watcher -> watcher.port(address, present));
        }
    }

    synchronized void synced() {
        synced = true;
        List<GuestAddress> all = List.copyOf(ports);
        watchers.forEach(watcher -> watcher.connected(all));
    }

    synchronized void stage(String word) throws ProtocolException {
        stages.add(word);
        if (stages.size() > MOST_STAGES) {
            throw new ProtocolException("more than " + MOST_STAGES + " stages");
        }
        watchers.forEach(watcher -> watcher.stage(word));
    }

    synchronized void lost() {
        ports.clear();
        stages.clear();
        if (synced) {
            synced = false;
            watchers.forEach(Watcher::disconnected);
        }
    }

    synchronized void close() {
        watchers.forEach(Watcher::close);
        watchers.clear();
    }
}
