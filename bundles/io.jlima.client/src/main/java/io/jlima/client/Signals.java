// SPDX-License-Identifier: Apache-2.0
package io.jlima.client;

import sun.misc.Signal;
import sun.misc.SignalHandler;

/**
 * A signal that is answered. The JDK has no other interface for that than sun.misc.Signal of the module
 * jdk.unsupported; reflection would spare the build an option for it, and cost a short command 20 ms for its proxies.
 */
final class Signals implements SignalHandler {
    /** Whoever answers, on a thread of its own each time. */
    interface Listener {
        void caught(String name);
    }

    private final Listener listener;

    private Signals(Listener listener) {
        this.listener = listener;
    }

    /** Passes the signal on whenever it comes; a no-op where there is no such signal. */
    static void handle(String name, Listener listener) {
        try {
            Signal.handle(new Signal(name), new Signals(listener));
        } catch (IllegalArgumentException e) {
            // The JVM keeps its own way of answering this signal, which is to end; that is safe.
            return;
        }
    }

    @Override
    public void handle(Signal signal) {
        listener.caught(signal.getName());
    }
}
