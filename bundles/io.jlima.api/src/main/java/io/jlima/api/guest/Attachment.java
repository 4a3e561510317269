// SPDX-License-Identifier: Apache-2.0
package io.jlima.api.guest;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.osgi.annotation.versioning.ConsumerType;

/** The work of one service for one guest. Thread-safe. */
@ConsumerType
public interface Attachment extends AutoCloseable {
    /** Does nothing and is always ready. */
    Attachment NONE = () -> {};

    /**
     * Completes when this part of the guest is as it should be, for the first time. A start waits for it, within limits
     * of the platform. When it completes exceptionally the instance runs degraded; the exception's message is shown.
     */
    default CompletionStage<Void> ready() {
        return CompletableFuture.completedFuture(null);
    }

    /** {@link Guest#shared} gives other directories than before. Must not block. */
    default void mountsChanged() {}

    /**
     * Releases what the host holds: sockets, threads, helper processes. The guest may be running (the daemon ends, or
     * the driver's bundle goes) or gone; it is not asked anything. Called once, returns within a second.
     */
    @Override
    void close();
}
