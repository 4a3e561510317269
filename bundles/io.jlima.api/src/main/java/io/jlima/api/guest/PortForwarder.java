// SPDX-License-Identifier: Apache-2.0
package io.jlima.api.guest;

import java.io.IOException;
import java.net.BindException;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Predicate;
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

    /** What stands against it, for people; empty when it can be done. Does not wait for the guest. */
    Optional<String> objection(Guest guest, Request request);

    /**
     * Opens the forward; the listening socket, the host's or with {@link Request#reverse} the guest's, is there when
     * the method returns.
     *
     * @throws BindException when the host's address is taken or not allowed
     * @throws IOException when the guest's side cannot be had
     */
    Forward open(Guest guest, Request request) throws IOException, InterruptedException;

    /**
     * Removes forwards that an earlier daemon left in the machine and that nobody has opened since.
     *
     * @param unwanted which of them
     * @return how many were removed
     */
    default int tidy(Guest guest, Predicate<Request> unwanted) throws IOException, InterruptedException {
        return 0;
    }

    /**
     * @param host address of the host; the path for a unix socket
     * @param hostPort port of the host; 0 for a unix socket
     * @param guest the guest's side
     * @param reverse whether it is the guest's side that listens, and the host's that is connected to
     */
    record Request(String host, int hostPort, GuestAddress guest, boolean reverse) {
        /** A forward from the host to the guest. */
        public Request(String host, int hostPort, GuestAddress guest) {
            this(host, hostPort, guest, false);
        }

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

        /**
         * Stops listening. Connections that were made go on: a server that has taken one may well stop listening and
         * serve it.
         */
        @Override
        void close();

        /**
         * Lets go of it because the daemon ends or the machine has ended. What lives in this process ends, with its
         * connections; what lives in the machine stays, for the next daemon to find.
         */
        default void release() {
            close();
        }
    }
}
