// SPDX-License-Identifier: Apache-2.0
package io.jlima.portforward.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jlima.api.LimaException;
import io.jlima.api.guest.Attachment;
import io.jlima.api.guest.GuestAddress;
import io.jlima.api.guest.PortForwarder;
import io.jlima.api.guest.PortForwards.Entry;
import io.jlima.api.guest.PortForwards.State;
import io.jlima.api.machine.HostForwards;
import java.net.ConnectException;
import java.net.StandardProtocolFamily;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What the host has of a guest's ports, with an agent that reports this host's own. */
@Timeout(60)
final class GuestPortsTest extends PortsOfThisHost {
    @Test
    void aPortComesAndGoes() throws Exception {
        int port = freePort();
        FakeGuest guest = serving(port);

        try (SocketChannel client = connect(port);
                SocketChannel peer = server.accept()) {
            write(client, "ask");
            client.shutdownOutput();
            assertThat(all(peer)).isEqualTo("ask");
            write(peer, "reply");
            peer.shutdownOutput();
            assertThat(all(client)).isEqualTo("reply");
        }
        Entry entry = entry("a", port);
        assertThat(entry.state()).isEqualTo(State.FORWARDED);
        assertThat(entry.rule()).isEqualTo("default");
        assertThat(entry.host()).isEqualTo("127.0.0.1:" + port);
        assertThat(entry.transport()).isEqualTo("agent");
        assertThat(entry.bytes()).hasValue(8);

        agent.closed(GuestAddress.tcp("127.0.0.1", port));
        String event = guest.await("stopping", port);
        assertThat(event)
                .isEqualTo("{\"type\":\"stopping\",\"protocol\":\"tcp\",\"guestAddr\":\"127.0.0.1:" + port
                        + "\",\"hostAddr\":\"127.0.0.1:" + port + "\"}");
        assertThatThrownBy(() -> connect(port)).isInstanceOf(ConnectException.class);
        assertThat(service.list("a")).isEmpty();
    }

    @Test
    void aStrangersPortIsTakenOverWhenHeEnds() throws Exception {
        int port = freePort();
        FakeGuest guest = guest("a", "");
        ServerSocketChannel stranger =
                ServerSocketChannel.open(StandardProtocolFamily.INET).bind(FakeAgent.loopback(port));
        open.add(stranger);
        agent.opened(GuestAddress.tcp("0.0.0.0", port));

        assertThat(guest.await("failed", port)).contains("the host's 127.0.0.1:" + port + " is taken by ");
        assertThat(guest.troubles()).singleElement().asString().contains("tcp 0.0.0.0:" + port);
        Entry entry = entry("a", port);
        assertThat(entry.state()).isEqualTo(State.FAILED);
        assertThat(entry.reason()).contains("(pid " + ProcessHandle.current().pid() + ")");

        stranger.close();
        guest.await("forwarding", port);
        assertThat(entry("a", port).state()).isEqualTo(State.FORWARDED);
        assertThat(guest.troubles()).isEmpty();
    }

    @Test
    void anotherInstancesPortIsTakenOverWhenItEnds() throws Exception {
        int port = freePort();
        FakeAgent second = new FakeAgent();
        Attachment first = service.attach(new FakeGuest("first", "", agent));
        agent.opened(GuestAddress.tcp("0.0.0.0", port));
        assertThat(entry("first", port).state()).isEqualTo(State.FORWARDED);

        FakeGuest guest = new FakeGuest("second", "", second);
        attach(guest);
        second.opened(GuestAddress.tcp("0.0.0.0", port));
        assertThat(guest.await("failed", port)).contains("is taken by instance `first`");
        assertThat(guest.troubles()).singleElement().asString().contains("instance `first`");

        first.close();
        guest.await("forwarding", port);
        assertThat(guest.troubles()).isEmpty();
    }

    @Test
    void twoListenersOfOnePortShareTheHosts() throws Exception {
        int port = freePort();
        FakeGuest guest = guest("a", "");
        agent.opened(GuestAddress.tcp("0.0.0.0", port));
        agent.opened(GuestAddress.tcp("::", port));
        guest.await("forwarding", port);

        assertThat(service.list("a"))
                .extracting(Entry::state)
                .containsExactlyInAnyOrder(State.FORWARDED, State.REFUSED);
        assertThat(guest.troubles()).isEmpty();

        agent.closed(GuestAddress.tcp("0.0.0.0", port));
        assertThat(guest.await("stopping", port)).contains("0.0.0.0");
        assertThat(guest.await("forwarding", port)).contains("[::]");
        assertThat(service.list("a")).extracting(Entry::state).containsExactly(State.FORWARDED);
    }

    @Test
    void theAgentsListReplacesWhatWasKnown() throws Exception {
        int stays = freePort();
        int goes = freePort();
        int comes = freePort();
        FakeGuest guest = guest("a", "");
        agent.connected(GuestAddress.tcp("0.0.0.0", stays), GuestAddress.tcp("0.0.0.0", goes));
        guest.await("forwarding", goes);
        agent.connected(GuestAddress.tcp("0.0.0.0", stays), GuestAddress.tcp("0.0.0.0", comes));
        guest.await("forwarding", comes);

        assertThat(service.list("a")).extracting(e -> e.guest().port()).containsExactlyInAnyOrder(stays, comes);
        assertThat(guest.eventsSoFar()).noneMatch(e -> e.contains(":" + stays + "\""));
    }

    @Test
    void withoutAnAgentThereAreStaticForwardsOnly() throws Exception {
        int port = freePort();
        FakeForwarder ssh = new FakeForwarder();
        service.addPortForwarder(ssh, Map.of(PortForwarder.TRANSPORT, "ssh", "service.ranking", 100));
        FakeGuest guest = new FakeGuest("plain", "guest=80-81,host=" + port + "-" + (port + 1) + ",static", null);
        Attachment attachment = attach(guest);

        attachment.ready().toCompletableFuture().get(20, TimeUnit.SECONDS);
        assertThat(ssh.opened)
                .containsExactly(
                        new PortForwarder.Request("127.0.0.1", port, GuestAddress.tcp("127.0.0.1", 80)),
                        new PortForwarder.Request("127.0.0.1", port + 1, GuestAddress.tcp("127.0.0.1", 81)));
        assertThat(service.blindness("plain")).contains("plain mode");
    }

    @Test
    void theBestTransportIsTakenAndTheNextWhenItGoes() throws Exception {
        int port = freePort();
        FakeForwarder best = new FakeForwarder();
        Map<String, Object> properties = Map.of(PortForwarder.TRANSPORT, "best", "service.ranking", 900);
        service.addPortForwarder(best, properties);
        FakeGuest guest = guest("a", "");
        agent.opened(GuestAddress.tcp("0.0.0.0", port));
        guest.await("forwarding", port);
        assertThat(entry("a", port).transport()).isEqualTo("best");

        service.removePortForwarder(best, properties);
        guest.await("forwarding", port);
        assertThat(entry("a", port).transport()).isEqualTo("agent");
        assertThat(best.opened).isEmpty();

        best.objection = "has no time";
        service.addPortForwarder(best, properties);
        int second = freePort();
        agent.opened(GuestAddress.tcp("0.0.0.0", second));
        guest.await("forwarding", second);
        assertThat(entry("a", second).transport()).isEqualTo("agent");
    }

    @Test
    void whatNoTransportCanDoIsSaid() throws Exception {
        int port = freePort();
        FakeGuest guest = guest("a", "");
        agent.connected = false;
        agent.opened(GuestAddress.tcp("127.0.0.1", port));

        assertThat(guest.await("failed", port)).contains("no transport can do it: agent there is no agent");
        agent.connected = true;
        guest.await("forwarding", port);
    }

    /** The words are those of the system for a port below 1024 and an ordinary user. */
    @Test
    void aPortThatOnlyRootMayHaveIsAnEventAndNoTrouble() throws Exception {
        FakeForwarder ordinary = new FakeForwarder();
        ordinary.refusal = "Permission denied";
        service.addPortForwarder(ordinary, Map.of(PortForwarder.TRANSPORT, "ordinary", "service.ranking", 900));
        FakeGuest guest = guest("a", "");
        agent.opened(GuestAddress.tcp("0.0.0.0", 80));

        assertThat(guest.await("failed", 80))
                .contains("the host lets only root listen on port 80")
                .contains("net.ipv4.ip_unprivileged_port_start");
        assertThat(entry("a", 80).state()).isEqualTo(State.FAILED);
        assertThat(entry("a", 80).reason()).contains("only root");
        assertThat(guest.troubles()).isEmpty();

        ordinary.refusal = null;
        guest.await("forwarding", 80);
        assertThat(guest.eventsSoFar()).isEmpty();
    }

    @Test
    void forwardsOfTheMachineAreFoundAgainAndTidied() throws Exception {
        int kept = freePort();
        int stale = freePort();
        int moved = freePort();
        QemuForwarder qemu = new QemuForwarder();
        service.addPortForwarder(qemu, Map.of(PortForwarder.TRANSPORT, "qemu", "service.ranking", 300));
        FakeGuest guest = new FakeGuest("a", "", agent);
        guest.fakeMachine().address = "192.168.5.15";
        HostForwards.Forward ssh = new HostForwards.Forward(false, "127.0.0.1", FakeGuest.SSH_PORT, 22);
        HostForwards.Forward still = new HostForwards.Forward(false, "127.0.0.1", kept, kept);
        guest.fakeMachine()
                .forwards
                .addAll(List.of(
                        ssh,
                        still,
                        new HostForwards.Forward(false, "127.0.0.1", stale, stale),
                        new HostForwards.Forward(true, "127.0.0.1", moved, moved)));
        Attachment attachment = attach(guest);
        agent.connected(GuestAddress.tcp("0.0.0.0", kept), GuestAddress.tcp("127.0.0.1", moved));
        attachment.ready().toCompletableFuture().get(20, TimeUnit.SECONDS);

        assertThat(guest.fakeMachine().forwards).containsExactlyInAnyOrder(ssh, still);
        assertThat(entry("a", kept).transport()).isEqualTo("qemu");
        assertThat(entry("a", moved).transport()).isEqualTo("agent");

        attachment.close();
        assertThat(guest.fakeMachine().forwards).containsExactlyInAnyOrder(ssh, still);
    }

    @Test
    void nothingOfWhatIsSwitchedOffIsOpened() throws Exception {
        FakeGuest guest = guest("a", "ip=0.0.0.0,guest=1-65535,proto=any,ignore");
        List<GuestAddress> listeners = new ArrayList<>();
        for (int port = 20_000; port < 20_100; port++) {
            listeners.add(GuestAddress.tcp("0.0.0.0", port));
            listeners.add(GuestAddress.udp("::", port));
        }
        agent.connected(listeners.toArray(GuestAddress[]::new));

        assertThat(service.list("a")).hasSize(200).allMatch(e -> e.state() == State.REFUSED);
        assertThat(guest.eventsSoFar()).isEmpty();
    }

    @Test
    void anInstanceThatDoesNotRunHasNoPorts() {
        assertThatThrownBy(() -> service.list("none"))
                .isInstanceOf(LimaException.class)
                .hasMessageContaining("none");
    }
}
