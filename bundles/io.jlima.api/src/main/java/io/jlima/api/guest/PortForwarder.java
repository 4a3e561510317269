// SPDX-License-Identifier: Apache-2.0
package io.jlima.api.guest;

import java.io.IOException;
import java.net.BindException;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * A transport from a socket of the host to a socket of a guest. A stateless service with the property {@value
 * #TRANSPORT}; of those that have no objection the one with the highest {@code service.ranking} is taken.
 */
@ConsumerType
public interface PortForwarder {
    /** Service property: the word by which people see and choose it. */
    String TRANSPORT = "transport";

    /** What stands against it, for people; empty when it can be done. Does not wait for anything. */
    Optional<String> objection(Guest guest, Request request);

    /**
     * Opens the forward; the host's socket listens when the method returns.
     *
     * @throws BindException when the host's address is taken or not allowed
     * @throws IOException when the guest's side cannot be had
     */
    Forward open(Guest guest, Request request) throws IOException, InterruptedException;

    /**
     * @param host where the host listens; the path for a unix socket
     * @param hostPort port of the host; 0 for a unix socket
     * @param guest where the guest listens
     */
    record Request(String host, int hostPort, GuestAddress guest) {
        /** Whether the host's side is a unix socket. */
        public boolean hostIsSocket() {
            return hostPort == 0;
        }
    }

    /** A forward that listens. Thread-safe. */
    @ConsumerType
    interface Forward extends AutoCloseable {
        /** Bytes carried so far in both directions together; empty when the transport cannot tell. */
        default OptionalLong bytes() {
            return OptionalLong.empty();
        }

        /** Why it has ended by itself; null while it works. */
        default @Nullable String ended() {
            return null;
        }

        /** Stops listening and ends the connections. */
        @Override
        void close();
    }
}
