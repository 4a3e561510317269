// SPDX-License-Identifier: Apache-2.0
package io.jlima.ssh.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jlima.api.ssh.SshStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Streams through a real sshd, to servers of this test. */
@Timeout(180)
final class StreamTest extends ConnectedSshd {
    private static final int HUGE = 64 * 1024 * 1024;

    private ServerSocketChannel server;

    @BeforeEach
    void listen() throws IOException {
        server = ServerSocketChannel.open(StandardProtocolFamily.INET)
                .bind(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0), 4096);
    }

    @AfterEach
    void stopListening() throws IOException {
        server.close();
    }

    private int port() throws IOException {
        return ((InetSocketAddress) server.getLocalAddress()).getPort();
    }

    private static String all(SshStream stream) throws IOException {
        return new String(stream.in().readAllBytes(), StandardCharsets.UTF_8);
    }

    private static String all(SocketChannel channel) throws IOException {
        return new String(channel.socket().getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }

    @Test
    void eachDirectionEndsByItself() throws Exception {
        try (SshStream stream = connection.openTcp("127.0.0.1", port());
                SocketChannel peer = server.accept()) {
            stream.out().write("question".getBytes(StandardCharsets.UTF_8));
            stream.finish();
            assertThat(all(peer)).isEqualTo("question");

            peer.write(ByteBuffer.wrap("answer".getBytes(StandardCharsets.UTF_8)));
            peer.shutdownOutput();
            assertThat(all(stream)).isEqualTo("answer");
        }
        Eventually.holds("no channel is left", TIME, () -> connection.channels() == 0);
    }

    @Test
    void theGuestsEndComesFirst() throws Exception {
        try (SshStream stream = connection.openTcp("127.0.0.1", port());
                SocketChannel peer = server.accept()) {
            peer.shutdownOutput();
            assertThat(all(stream)).isEmpty();

            stream.out().write("late".getBytes(StandardCharsets.UTF_8));
            stream.finish();
            assertThat(all(peer)).isEqualTo("late");
        }
    }

    @Test
    void nobodyListens() throws Exception {
        int port = port();
        server.close();

        assertThatThrownBy(() -> connection.openTcp("127.0.0.1", port))
                .isInstanceOf(ConnectException.class)
                .hasMessageContaining("127.0.0.1 port " + port);
        assertThatThrownBy(() -> connection.openUnix(temporary.resolve("none").toString()))
                .isInstanceOf(ConnectException.class);
        assertThat(connection.isOpen()).isTrue();
    }

    @Test
    void hugeTransfersBothWaysArriveWhole() throws Exception {
        byte[] sent = new byte[HUGE];
        new Random(7).nextBytes(sent);
        try (SshStream stream = connection.openTcp("127.0.0.1", port());
                SocketChannel peer = server.accept()) {
            CompletableFuture<byte[]> echoed = CompletableFuture.supplyAsync(() -> {
                try {
                    return digest(peer.socket().getInputStream().readAllBytes());
                } catch (IOException e) {
                    throw new java.io.UncheckedIOException(e);
                }
            });
            stream.out().write(sent);
            stream.finish();
            assertThat(echoed.get(60, TimeUnit.SECONDS)).isEqualTo(digest(sent));

            Thread.ofVirtual().start(() -> {
                try {
                    ByteBuffer back = ByteBuffer.wrap(sent);
                    while (back.hasRemaining()) {
                        peer.write(back);
                    }
                    peer.shutdownOutput();
                } catch (IOException e) {
                    throw new java.io.UncheckedIOException(e);
                }
            });
            assertThat(digest(stream.in().readAllBytes())).isEqualTo(digest(sent));
        }
    }

    private static byte[] digest(byte[] data) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(data);
        } catch (java.security.NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** One that does not read stops its own sender, and nobody else. */
    @Test
    void aSlowReaderHoldsUpItselfOnly() throws Exception {
        try (SshStream slow = connection.openTcp("127.0.0.1", port());
                SocketChannel slowPeer = server.accept();
                SshStream other = connection.openTcp("127.0.0.1", port());
                SocketChannel otherPeer = server.accept()) {
            CompletableFuture<Void> sender = CompletableFuture.runAsync(() -> {
                try {
                    ByteBuffer much = ByteBuffer.allocate(HUGE);
                    while (much.hasRemaining()) {
                        slowPeer.write(much);
                    }
                } catch (IOException e) {
                    throw new java.io.UncheckedIOException(e);
                }
            });
            for (int i = 0; i < 100; i++) {
                otherPeer.write(ByteBuffer.wrap(new byte[] {(byte) i}));
                assertThat(other.in().read()).isEqualTo(i);
            }
            assertThat(sender).isNotDone();
            assertThat(slow.in().readNBytes(HUGE)).hasSize(HUGE);
            sender.get(60, TimeUnit.SECONDS);
        }
    }

    @Test
    void aBrokenConnectionIsNoEnd() throws Exception {
        try (SshStream stream = connection.openTcp("127.0.0.1", port());
                SocketChannel peer = server.accept()) {
            peer.write(ByteBuffer.wrap(new byte[] {1}));
            assertThat(stream.in().read()).isEqualTo(1);
            sshd.killConnections();

            assertThatThrownBy(() -> stream.in().read()).isInstanceOf(IOException.class);
            assertThatThrownBy(() -> connection.openTcp("127.0.0.1", port())).isInstanceOf(IOException.class);
        }
    }

    @Test
    void aResetOfTheGuestEndsTheStream() throws Exception {
        try (SshStream stream = connection.openTcp("127.0.0.1", port())) {
            SocketChannel peer = server.accept();
            peer.setOption(StandardSocketOptions.SO_LINGER, 0);
            peer.close();

            assertThat(stream.in().readAllBytes()).isEmpty();
        }
        Eventually.holds("no channel is left", TIME, () -> connection.channels() == 0);
    }

    @Test
    void manyStreamsAtOnceAndNoneIsLeft() throws Exception {
        List<SshStream> streams = new ArrayList<>();
        List<SocketChannel> peers = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            streams.add(connection.openTcp("127.0.0.1", port()));
            peers.add(server.accept());
        }
        for (int i = 0; i < streams.size(); i++) {
            streams.get(i).out().write(i & 0x7f);
        }
        for (int i = 0; i < peers.size(); i++) {
            assertThat(peers.get(i).socket().getInputStream().read()).isEqualTo(i & 0x7f);
        }
        assertThat(connection.run("echo still", "", TIME).stdout()).isEqualTo("still\n");
        streams.forEach(SshStream::close);
        for (SocketChannel peer : peers) {
            peer.close();
        }
        Eventually.holds("no channel is left", TIME, () -> connection.channels() == 0);
    }

    @Test
    void unixSocketsOfTheGuest() throws Exception {
        Path path = temporary.resolve("guest.sock");
        try (ServerSocketChannel unix =
                        ServerSocketChannel.open(StandardProtocolFamily.UNIX).bind(UnixDomainSocketAddress.of(path));
                SshStream stream = connection.openUnix(path.toString());
                SocketChannel peer = unix.accept()) {
            stream.out().write(5);
            stream.finish();
            ByteBuffer got = ByteBuffer.allocate(2);
            assertThat(peer.read(got)).isEqualTo(1);
            assertThat(peer.read(got)).isEqualTo(-1);
            peer.write(ByteBuffer.wrap(new byte[] {6}));
            peer.shutdownOutput();
            assertThat(stream.in().readAllBytes()).containsExactly(6);
        }
    }

    @Test
    void theGuestListensForUs() throws Exception {
        Path path = temporary.resolve("reverse.sock");
        BlockingQueue<String> heard = new LinkedBlockingQueue<>();
        AutoCloseable listening = connection.listenUnix(path.toString(), stream -> {
            try (stream) {
                stream.out().write("hello".getBytes(StandardCharsets.UTF_8));
                stream.finish();
                heard.add(all(stream));
            } catch (IOException e) {
                heard.add(e.toString());
            }
        });
        for (int i = 0; i < 3; i++) {
            try (SocketChannel peer = SocketChannel.open(UnixDomainSocketAddress.of(path))) {
                ByteBuffer got = ByteBuffer.allocate(16);
                while (peer.read(got) >= 0) {
                    assertThat(got.position()).isLessThanOrEqualTo(5);
                }
                assertThat(new String(got.array(), 0, got.position(), StandardCharsets.UTF_8))
                        .isEqualTo("hello");
                peer.write(ByteBuffer.wrap(("call " + i).getBytes(StandardCharsets.UTF_8)));
                peer.shutdownOutput();
                assertThat(heard.poll(60, TimeUnit.SECONDS)).isEqualTo("call " + i);
            }
        }
        assertThatThrownBy(() -> connection.listenUnix(path.toString(), stream -> {}))
                .isInstanceOf(IOException.class);
        listening.close();
        Eventually.holds("the guest stops listening", TIME, () -> refused(path));
        assertThat(Files.exists(path.resolveSibling("user"))).isTrue();
    }

    @Test
    void whatIsGivenUpCanBeListenedAtAgainAtOnce() throws Exception {
        Path path = temporary.resolve("again.sock");
        for (int i = 0; i < 30; i++) {
            int round = i;
            AutoCloseable listening = connection.listenUnix(path.toString(), stream -> {
                try (stream) {
                    stream.out().write(round);
                    stream.finish();
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
            try (SocketChannel peer = SocketChannel.open(UnixDomainSocketAddress.of(path))) {
                ByteBuffer got = ByteBuffer.allocate(1);
                assertThat(peer.read(got)).isEqualTo(1);
                assertThat(got.get(0)).isEqualTo((byte) round);
            }
            listening.close();
            // Sshd leaves the file behind; who listens again removes it first.
            Files.deleteIfExists(path);
            // What was closed once is somebody else's now.
            listening.close();
        }
    }

    private static boolean refused(Path path) {
        try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(path))) {
            return !channel.isConnected();
        } catch (IOException e) {
            return true;
        }
    }
}
