// SPDX-License-Identifier: Apache-2.0
package io.jlima.hypervisor.qemu.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jlima.api.machine.Device;
import io.jlima.api.machine.HostForwards;
import io.jlima.api.machine.Machine;
import io.jlima.testing.ReservedPort;
import java.io.IOException;
import java.net.ConnectException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.Socket;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Ports that a machine itself forwards. */
@Timeout(180)
class MachineForwardsTest extends SmallMachines {
    /** Adds a forward of UDP at some port that is free: QEMU asks for such a one in a way that does not let it be held. */
    private static HostForwards.Forward addUdp(HostForwards forwards) throws Exception {
        IOException last = new IOException("no try");
        for (int attempt = 0; attempt < 10; attempt++) {
            int port;
            try (DatagramSocket socket = new DatagramSocket(0, InetAddress.ofLiteral("127.0.0.1"))) {
                port = socket.getLocalPort();
            }
            HostForwards.Forward udp = new HostForwards.Forward(true, "127.0.0.1", port, 53);
            try {
                forwards.add(udp);
                return udp;
            } catch (IOException e) {
                last = e;
            }
        }
        throw last;
    }

    private static boolean listens(int port) throws IOException {
        try (Socket socket = new Socket("127.0.0.1", port)) {
            return socket.isConnected();
        } catch (ConnectException e) {
            return false;
        }
    }

    /** Forwards come and go while the machine runs, and stay when the daemon ends. */
    @Test
    void hostForwards() throws Exception {
        try (ReservedPort ssh = new ReservedPort();
                ReservedPort tcp = new ReservedPort();
                ReservedPort all = new ReservedPort()) {
            hostForwards(ssh.number(), tcp.number(), all.number());
        }
    }

    private void hostForwards(int ssh, int tcpPort, int allPort) throws Exception {
        Machine machine = start(
                spec(
                        BootSector.IDLE,
                        new Device.Nic(
                                "eth0",
                                "52:55:55:00:00:01",
                                new Device.UserMode(
                                        "192.168.5.0/24",
                                        "192.168.5.2",
                                        "192.168.5.3",
                                        "192.168.5.15",
                                        List.of(new Device.HostForward("127.0.0.1", ssh, 22))))),
                caller());
        HostForwards forwards = machine.as(HostForwards.class).orElseThrow();
        HostForwards.Forward toSsh = new HostForwards.Forward(false, "127.0.0.1", ssh, 22);
        HostForwards.Forward tcp = new HostForwards.Forward(false, "127.0.0.1", tcpPort, 80);
        HostForwards.Forward all = new HostForwards.Forward(false, "0.0.0.0", allPort, 81);

        assertThat(forwards.guestAddress()).contains("192.168.5.15");
        assertThat(forwards.list()).containsExactly(toSsh);
        assertThat(listens(tcp.hostPort())).isFalse();
        forwards.add(tcp);
        assertThat(listens(tcp.hostPort())).isTrue();
        HostForwards.Forward udp = addUdp(forwards);
        forwards.add(all);
        assertThat(forwards.list()).containsExactlyInAnyOrder(toSsh, tcp, udp, all);
        assertThatThrownBy(() -> forwards.add(tcp))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(Integer.toString(tcp.hostPort()));

        machine.release();
        HostForwards again = adopt().orElseThrow().as(HostForwards.class).orElseThrow();
        assertThat(again.list()).containsExactlyInAnyOrder(toSsh, tcp, udp, all);
        again.remove(tcp);
        again.remove(udp);
        again.remove(all);
        again.remove(all);
        assertThat(again.list()).containsExactly(toSsh);
        assertThat(listens(tcp.hostPort())).isFalse();
    }

    @Test
    void withoutANetworkThereAreNoForwards() throws Exception {
        HostForwards forwards = start(BootSector.IDLE).as(HostForwards.class).orElseThrow();

        assertThat(forwards.guestAddress()).isEmpty();
        assertThat(forwards.list()).isEmpty();
    }
}
