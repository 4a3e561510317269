// SPDX-License-Identifier: Apache-2.0
package io.jlima.portforward.internal;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** The connections of one transport, so that they end with it. Thread-safe. */
final class Relays {
    private final Set<Relay> running = ConcurrentHashMap.newKeySet();
    private volatile boolean closed;

    void add(Relay relay) {
        running.add(relay);
        if (closed) {
            relay.abort();
        }
    }

    void remove(Relay relay) {
        running.remove(relay);
    }

    int count() {
        return running.size();
    }

    /** Ends all there are, and each that comes. */
    void close() {
        closed = true;
        running.forEach(Relay::abort);
    }
}
