// SPDX-License-Identifier: Apache-2.0
package io.jlima.api.machine;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * Optional half of a {@link Machine}: ports of the host that the machine itself leads to its guest. They outlive the
 * daemon. Thread-safe.
 */
@ConsumerType
public interface HostForwards {
    /** The guest's address that forwards lead to; empty when the machine has no network that can forward. */
    Optional<String> guestAddress() throws IOException, InterruptedException;

    /** All there are now, the one to sshd among them. */
    List<Forward> list() throws IOException, InterruptedException;

    /**
     * Opens one; the host's port listens when the method returns.
     *
     * @throws IOException when the machine cannot, with its own words
     */
    void add(Forward forward) throws IOException, InterruptedException;

    /**
     * Stops listening; connections that were made go on. Nothing happens if there is none.
     *
     * @throws IOException when the machine does not answer
     */
    void remove(Forward forward) throws IOException, InterruptedException;

    /**
     * A port of the host that leads to a port of the guest.
     *
     * @param udp whether it carries datagrams
     * @param hostAddress IPv4 address; {@code 0.0.0.0} for all of them
     */
    record Forward(boolean udp, String hostAddress, int hostPort, int guestPort) {}
}
