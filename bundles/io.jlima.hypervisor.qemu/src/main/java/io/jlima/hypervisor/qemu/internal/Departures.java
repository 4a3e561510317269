// SPDX-License-Identifier: Apache-2.0
package io.jlima.hypervisor.qemu.internal;

import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;

/** Devices whose end somebody waits for. Thread-safe; never blocks. */
final class Departures {
    private final Map<String, CompletableFuture<Boolean>> awaited = new ConcurrentHashMap<>();

    /** Completes with true when the device has gone, with false when the guest refuses to let it go. */
    CompletableFuture<Boolean> await(String device) {
        return awaited.computeIfAbsent(device, id -> new CompletableFuture<>());
    }

    void tell(String device, boolean gone) {
        CompletableFuture<Boolean> departure = awaited.get(device);
        if (departure != null) {
            departure.complete(gone);
        }
    }

    void forget(String device) {
        awaited.remove(device);
    }
}
