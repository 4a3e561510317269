// SPDX-License-Identifier: Apache-2.0
package io.jlima.api.network;

import io.jlima.api.LimaException;
import io.jlima.api.machine.Device;
import java.util.Optional;
import org.osgi.annotation.versioning.ConsumerType;

/** A way to connect a guest. A stateless service with the property {@value #NETWORK}; thread-safe. */
@ConsumerType
public interface Network {
    /** Service property: the word for this driver. {@code slirp} serves the first interface unless told otherwise. */
    String NETWORK = "network";

    /**
     * Says what the guest's interface needs.
     *
     * @throws LimaException when the request cannot be met on this host
     */
    NicPlan plan(Request request);

    /**
     * @param instance name of the instance
     * @param interfaceName name of the interface in the guest
     * @param macAddress six hexadecimal bytes joined by colons
     * @param sshPort port on the host's 127.0.0.1 that is to lead to the guest's sshd; 0 when this interface does not
     *     carry it
     */
    record Request(String instance, String interfaceName, String macAddress, int sshPort) {}

    /**
     * @param nic the device that the machine needs
     * @param addresses what is known about addresses before the guest has started; empty if nothing
     */
    record NicPlan(Device.Nic nic, Optional<Addresses> addresses) {}

    /**
     * @param guest address of the guest
     * @param gateway address by which the guest reaches the host
     * @param dns address of the name server for the guest
     */
    record Addresses(String guest, String gateway, String dns) {}
}
