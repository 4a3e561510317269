// SPDX-License-Identifier: Apache-2.0
package io.jlima.network.slirp.internal;

import io.jlima.api.LimaException;
import io.jlima.api.machine.Device;
import io.jlima.api.network.Network;
import java.util.List;
import java.util.Optional;
import org.osgi.service.component.annotations.Component;

/**
 * The hypervisor's own user-mode network: the guest reaches out through the hypervisor's process, and nothing reaches
 * the guest but the forwards asked for. Needs no rights and no other process. The addresses are those of Lima, and the
 * same for each instance, since no two of these networks ever meet.
 */
@Component(service = Network.class, property = Network.NETWORK + "=slirp")
public final class SlirpNetwork implements Network {
    private static final String NETWORK_ADDRESS = "192.168.5.0/24";
    private static final String HOST = "192.168.5.2";
    private static final String DNS = "192.168.5.3";
    private static final String GUEST = "192.168.5.15";
    private static final String LOOPBACK = "127.0.0.1";
    private static final int SSH = 22;
    private static final int LAST_PORT = 65535;

    @Override
    public NicPlan plan(Request request) {
        int port = request.sshPort();
        if (port < 0 || port > LAST_PORT) {
            throw new LimaException(
                    "There is no port " + port + " for the ssh of instance " + request.instance(),
                    "Set ssh.localPort to a number from 1 to " + LAST_PORT + ", or to 0 for any free port");
        }
        List<Device.HostForward> forwards =
                port == 0 ? List.of() : List.of(new Device.HostForward(LOOPBACK, port, SSH));
        Device.UserMode backend = new Device.UserMode(NETWORK_ADDRESS, HOST, DNS, GUEST, forwards);
        return new NicPlan(
                new Device.Nic(request.interfaceName(), request.macAddress(), backend),
                Optional.of(new Addresses(GUEST, HOST, DNS)));
    }
}
