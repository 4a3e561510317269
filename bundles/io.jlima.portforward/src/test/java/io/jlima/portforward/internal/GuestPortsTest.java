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
import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What the host has of a guest's ports, with an agent that reports this host's own. */
@Timeout(60)
final class GuestPortsTest {
    private static final int HUGE = 64 * 1024 * 1024;

    /** Different ones in runs beside each other. */
    private static final AtomicInteger NEXT =
            new AtomicInteger(10_000 + (int) (ProcessHandle.current().pid() % 50) * 200);

    @TempDir
    Path temporary;

    private final PortForwardService service = new PortForwardService(null);
    private final AgentForwarder agentForwarder = new AgentForwarder();
    private final FakeAgent agent = new FakeAgent();
    private final List<AutoCloseable> open = new ArrayList<>();
    private ServerSocketChannel server;

    @BeforeEach
    void start() throws IOException {
        server = ServerSocketChannel.open(StandardProtocolFamily.INET).bind(FakeAgent.loopback(0), 4096);
        open.add(server);
        service.addPortForwarder(agentForwarder, Map.of(PortForwarder.TRANSPORT, "agent", "service.ranking", 200));
    }

    @AfterEach
    void stop() throws Exception {
        for (AutoCloseable thing : open.reversed()) {
            thing.close();
        }
        agentForwarder.stop();
    }

    /** One below those that the system gives to anybody who does not name one (ip(7), ip_local_port_range). */
    private static int freePort() throws IOException {
        while (true) {
            int port = NEXT.getAndIncrement();
            try (ServerSocketChannel stream = ServerSocketChannel.open(StandardProtocolFamily.INET);
                    DatagramChannel datagram = DatagramChannel.open(StandardProtocolFamily.INET)) {
                stream.bind(FakeAgent.loopback(port));
                datagram.bind(FakeAgent.loopback(port));
                return port;
            } catch (BindException e) {
                // Somebody has it; the next one will do.
                continue;
            }
        }
    }

    private FakeGuest guest(String name, String rules) {
        FakeGuest guest = new FakeGuest(name, rules, agent);
        attach(guest);
        return guest;
    }

    private Attachment attach(FakeGuest guest) {
        Attachment attachment = service.attach(guest);
        open.add(attachment);
        guest.isUp();
        return attachment;
    }

    /** A guest with one listener that leads to {@link #server}. */
    private FakeGuest serving(int port) throws Exception {
        FakeGuest guest = guest("a", "");
        agent.serve(port, server.getLocalAddress());
        agent.opened(GuestAddress.tcp("127.0.0.1", port));
        guest.await("forwarding", port);
        return guest;
    }

    private static SocketChannel connect(int port) throws IOException {
        return SocketChannel.open(FakeAgent.loopback(port));
    }

    private static void write(SocketChannel channel, String text) throws IOException {
        channel.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
    }

    private static String all(SocketChannel channel) throws IOException {
        return new String(channel.socket().getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }

    private Entry entry(String instance, int port) throws InterruptedException {
        return service.list(instance).stream()
                .filter(e -> e.guest().port() == port)
                .findFirst()
                .orElseThrow();
    }

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
    void aServerThatStopsListeningServesWhomItHas() throws Exception {
        int port = freePort();
        FakeGuest guest = serving(port);
        try (SocketChannel client = connect(port);
                SocketChannel peer = server.accept()) {
            agent.closed(GuestAddress.tcp("127.0.0.1", port));
            guest.await("stopping", port);
            write(client, "still");
            client.shutdownOutput();
            assertThat(all(peer)).isEqualTo("still");
        }
    }

    @Test
    void closedAndOpenedWithinAMoment() throws Exception {
        int port = freePort();
        FakeGuest guest = serving(port);
        for (int i = 0; i < 20; i++) {
            try (SocketChannel client = connect(port);
                    SocketChannel peer = server.accept()) {
                write(client, "x");
                agent.closed(GuestAddress.tcp("127.0.0.1", port));
                agent.opened(GuestAddress.tcp("127.0.0.1", port));
                guest.await("stopping", port);
                guest.await("forwarding", port);
                client.shutdownOutput();
                assertThat(all(peer)).isEqualTo("x");
            }
        }
    }

    @Test
    void aBreakOfEitherSideBreaksTheOther() throws Exception {
        int port = freePort();
        serving(port);
        try (SocketChannel client = connect(port)) {
            FakeAgent.reset(server.accept());
            assertThatThrownBy(() -> client.read(ByteBuffer.allocate(1)))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("reset");
        }
        SocketChannel client = connect(port);
        try (SocketChannel peer = server.accept()) {
            FakeAgent.reset(client);
            ByteBuffer buffer = ByteBuffer.allocate(1);
            assertThat(peer.read(buffer)).isEqualTo(-1);
        }
    }

    @Test
    void whoDoesNotReadHoldsUpHimselfOnly() throws Exception {
        int port = freePort();
        serving(port);
        try (SocketChannel slow = connect(port);
                SocketChannel slowPeer = server.accept();
                SocketChannel other = connect(port);
                SocketChannel otherPeer = server.accept()) {
            CompletableFuture<Void> sender =
                    CompletableFuture.runAsync(() -> send(slowPeer, new byte[HUGE]), Thread::startVirtualThread);
            ByteBuffer one = ByteBuffer.allocate(1);
            for (int i = 0; i < 100; i++) {
                otherPeer.write(ByteBuffer.wrap(new byte[] {(byte) i}));
                assertThat(other.read(one.clear())).isEqualTo(1);
                assertThat(one.get(0)).isEqualTo((byte) i);
            }
            assertThat(sender).isNotDone();
            assertThat(slow.socket().getInputStream().readNBytes(HUGE)).hasSize(HUGE);
            sender.get(30, TimeUnit.SECONDS);
        }
    }

    private static void send(SocketChannel channel, byte[] data) {
        try {
            ByteBuffer buffer = ByteBuffer.wrap(data);
            while (buffer.hasRemaining()) {
                channel.write(buffer);
            }
            channel.shutdownOutput();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    @Test
    void hugeTransfersBothWaysAtOnce() throws Exception {
        int port = freePort();
        serving(port);
        byte[] up = new byte[HUGE];
        byte[] down = new byte[HUGE];
        new Random(1).nextBytes(up);
        new Random(2).nextBytes(down);
        try (SocketChannel client = connect(port);
                SocketChannel peer = server.accept()) {
            CompletableFuture<Void> sending =
                    CompletableFuture.runAsync(() -> send(client, up), Thread::startVirtualThread);
            CompletableFuture<Void> answering =
                    CompletableFuture.runAsync(() -> send(peer, down), Thread::startVirtualThread);
            CompletableFuture<byte[]> arrived =
                    CompletableFuture.supplyAsync(() -> digest(peer), Thread::startVirtualThread);
            assertThat(digest(client))
                    .isEqualTo(MessageDigest.getInstance("SHA-256").digest(down));
            assertThat(arrived.get(30, TimeUnit.SECONDS))
                    .isEqualTo(MessageDigest.getInstance("SHA-256").digest(up));
            sending.get(30, TimeUnit.SECONDS);
            answering.get(30, TimeUnit.SECONDS);
        }
        assertThat(entry("a", port).bytes()).hasValue(2L * HUGE);
    }

    private static byte[] digest(SocketChannel channel) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            ByteBuffer buffer = ByteBuffer.allocate(65536);
            while (channel.read(buffer.clear()) >= 0) {
                digest.update(buffer.flip());
            }
            return digest.digest();
        } catch (IOException | java.security.NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void twoThousandConnectionsAtOnce() throws Exception {
        int port = freePort();
        serving(port);
        List<SocketChannel> clients = new ArrayList<>();
        List<SocketChannel> peers = new ArrayList<>();
        for (int i = 0; i < 2000; i++) {
            clients.add(connect(port));
            peers.add(server.accept());
        }
        for (SocketChannel client : clients) {
            write(client, "hello");
            client.shutdownOutput();
        }
        for (SocketChannel peer : peers) {
            assertThat(all(peer)).isEqualTo("hello");
            peer.close();
        }
        for (SocketChannel client : clients) {
            assertThat(all(client)).isEmpty();
            client.close();
        }
        assertThat(entry("a", port).bytes()).hasValue(5L * 2000);
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
    void datagramsFindTheirWayBack() throws Exception {
        int port = freePort();
        FakeGuest guest = guest("a", "");
        DatagramChannel echo = DatagramChannel.open(StandardProtocolFamily.INET).bind(FakeAgent.loopback(0));
        open.add(echo);
        Thread.ofVirtual().start(() -> {
            try {
                ByteBuffer buffer = ByteBuffer.allocate(65536);
                while (true) {
                    var from = echo.receive(buffer.clear());
                    echo.send(buffer.flip(), from);
                }
            } catch (IOException e) {
                // Closed.
            }
        });
        agent.serve(port, echo.getLocalAddress());
        agent.opened(GuestAddress.udp("0.0.0.0", port));
        assertThat(guest.await("forwarding", port)).contains("\"protocol\":\"udp\"");

        List<DatagramChannel> clients = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            DatagramChannel client =
                    DatagramChannel.open(StandardProtocolFamily.INET).connect(FakeAgent.loopback(port));
            clients.add(client);
            open.add(client);
            client.write(ByteBuffer.wrap(new byte[] {(byte) i}));
        }
        for (int i = 0; i < 5; i++) {
            ByteBuffer answer = ByteBuffer.allocate(8);
            assertThat(clients.get(i).read(answer)).isEqualTo(1);
            assertThat(answer.get(0)).isEqualTo((byte) i);
        }
        byte[] large = new byte[60_000];
        new Random(3).nextBytes(large);
        clients.getFirst().write(ByteBuffer.wrap(large));
        ByteBuffer answer = ByteBuffer.allocate(65536);
        clients.getFirst().read(answer);
        assertThat(java.util.Arrays.copyOf(answer.array(), answer.position())).isEqualTo(large);
        assertThat(entry("a", port).bytes()).hasValue(10 + 120_000);
    }

    @Test
    void unixSocketsBothWays() throws Exception {
        Path guestSocket = temporary.resolve("guest.sock");
        Path hostSocket = temporary.resolve("sock/host.sock");
        Path back = temporary.resolve("back.sock");
        Path service1 = temporary.resolve("service.sock");
        Files.createDirectories(hostSocket.getParent());
        // What a program that was killed leaves behind.
        ServerSocketChannel.open(StandardProtocolFamily.UNIX)
                .bind(UnixDomainSocketAddress.of(hostSocket))
                .close();
        ServerSocketChannel inGuest =
                ServerSocketChannel.open(StandardProtocolFamily.UNIX).bind(UnixDomainSocketAddress.of(guestSocket));
        ServerSocketChannel onHost =
                ServerSocketChannel.open(StandardProtocolFamily.UNIX).bind(UnixDomainSocketAddress.of(service1));
        open.add(inGuest);
        open.add(onHost);
        FakeGuest guest = new FakeGuest(
                "a",
                "guestSocket=" + guestSocket + ",hostSocket=" + hostSocket + ";guestSocket=" + back + ",hostSocket="
                        + service1 + ",reverse",
                agent);
        Attachment attachment = attach(guest);
        agent.connected();
        attachment.ready().toCompletableFuture().get(20, TimeUnit.SECONDS);

        exchange(hostSocket, inGuest);
        exchange(back, onHost);
        assertThat(service.list("a"))
                .extracting(Entry::state, Entry::reverse, e -> e.bytes().getAsLong())
                .containsExactly(
                        org.assertj.core.groups.Tuple.tuple(State.FORWARDED, false, 8L),
                        org.assertj.core.groups.Tuple.tuple(State.FORWARDED, true, 8L));
    }

    private static void exchange(Path path, ServerSocketChannel target) throws IOException {
        try (SocketChannel client = SocketChannel.open(UnixDomainSocketAddress.of(path));
                SocketChannel peer = target.accept()) {
            write(client, "ping");
            client.shutdownOutput();
            ByteBuffer got = ByteBuffer.allocate(16);
            while (peer.read(got) >= 0) {
                assertThat(got.position()).isLessThanOrEqualTo(4);
            }
            write(peer, "pong");
            peer.shutdownOutput();
            got.clear();
            while (client.read(got) >= 0) {
                assertThat(got.position()).isLessThanOrEqualTo(4);
            }
            assertThat(new String(got.array(), 0, got.position(), StandardCharsets.UTF_8))
                    .isEqualTo("pong");
        }
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
