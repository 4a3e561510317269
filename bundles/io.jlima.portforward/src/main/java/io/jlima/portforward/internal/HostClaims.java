// SPDX-License-Identifier: Apache-2.0
package io.jlima.portforward.internal;

import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

/** Which instance holds which address of the host; the news when one is free again. Thread-safe. */
final class HostClaims {
    private final Map<HostAddress, String> holders = new ConcurrentHashMap<>();
    private final CopyOnWriteArrayList<Consumer<HostAddress>> waiting = new CopyOnWriteArrayList<>();

    void take(HostAddress host, String instance) {
        holders.put(host, instance);
    }

    void giveUp(HostAddress host, String instance) {
        if (holders.remove(host, instance)) {
            waiting.forEach(listener -> listener.accept(host));
        }
    }

    /** The instance that is in the way of whoever wants this address. */
    Optional<String> holder(HostAddress wanted) {
        return holders.entrySet().stream()
                .filter(held -> held.getKey().overlaps(wanted))
                .map(Map.Entry::getValue)
                .findFirst();
    }

    /** Tells the listener of each address that becomes free, until the handle is closed; must not block. */
    AutoCloseable onFree(Consumer<HostAddress> listener) {
        waiting.add(listener);
        return () -> waiting.remove(listener);
    }
}
