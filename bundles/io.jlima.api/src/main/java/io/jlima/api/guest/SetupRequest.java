// SPDX-License-Identifier: Apache-2.0
package io.jlima.api.guest;

import io.jlima.api.HostEnvironment;
import io.jlima.api.config.InstanceConfig;
import io.jlima.api.machine.Hypervisor;
import io.jlima.api.network.Network.Addresses;
import java.nio.file.Path;
import java.util.Optional;

/**
 * An instance that is about to be started.
 *
 * @param instance name of the instance
 * @param directory directory of the instance; it may not exist yet when a plan is only checked
 * @param hypervisor what will run it; {@link Hypervisor#objection} tells which devices it can realise
 * @param addresses of the first interface, as far as known
 * @param sshPort port on the host's 127.0.0.1 for its sshd, 0 when not chosen yet
 * @param caller who starts it
 */
public record SetupRequest(
        String instance,
        Path directory,
        InstanceConfig config,
        Hypervisor hypervisor,
        Optional<Addresses> addresses,
        int sshPort,
        HostEnvironment caller) {}
