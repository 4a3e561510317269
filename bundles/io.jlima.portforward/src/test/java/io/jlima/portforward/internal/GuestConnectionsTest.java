// SPDX-License-Identifier: Apache-2.0
package io.jlima.portforward.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jlima.api.guest.Attachment;
import io.jlima.api.guest.GuestAddress;
import io.jlima.api.guest.PortForwards.Entry;
import io.jlima.api.guest.PortForwards.State;
import java.io.IOException;
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
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Connections over forwarded ports and sockets: what gets through, and how they end. */
@Timeout(60)
final class GuestConnectionsTest extends PortsOfThisHost {
    private static final int HUGE = 64 * 1024 * 1024;

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
}
