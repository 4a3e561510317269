// SPDX-License-Identifier: Apache-2.0
package io.jlima.guestagent.internal;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jlima.api.guest.GuestAddress;
import io.jlima.api.guest.GuestStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.DatagramChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Streams between the host's end and sockets, through the real agent. */
@Timeout(180)
class StreamsTest extends MetAgent {
    @Test
    void halfCloseInBothOrders() throws Exception {
        try (GuestStream stream = session.open(target());
                Socket socket = server.accept()) {
            stream.out().write("question".getBytes(UTF_8));
            stream.finish();
            assertThat(socket.getInputStream().readAllBytes()).asString().isEqualTo("question");
            socket.getOutputStream().write("answer".getBytes(UTF_8));
            socket.shutdownOutput();
            assertThat(stream.in().readAllBytes()).asString().isEqualTo("answer");
        }
        try (GuestStream stream = session.open(target());
                Socket socket = server.accept()) {
            socket.shutdownOutput();
            assertThat(stream.in().read()).isEqualTo(-1);
            stream.out().write("still".getBytes(UTF_8));
            stream.finish();
            assertThat(socket.getInputStream().readAllBytes()).asString().isEqualTo("still");
        }
    }

    @Test
    void aResetPassesBothWays() throws Exception {
        try (GuestStream stream = session.open(target())) {
            Socket socket = server.accept();
            socket.setSoLinger(true, 0);
            socket.close();
            assertThatThrownBy(() -> stream.in().read()).isInstanceOf(IOException.class);
            assertThatThrownBy(() -> {
                        while (true) {
                            stream.out().write(new byte[1000]);
                        }
                    })
                    .isInstanceOf(IOException.class);
        }
        GuestStream stream = session.open(target());
        try (Socket socket = server.accept()) {
            stream.close();
            assertThatThrownBy(() -> socket.getInputStream().read())
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("reset");
        }
    }

    @Test
    void aRefusalHasTheGuestsReason() throws Exception {
        GuestAddress nobody = target();
        server.close();
        assertThatThrownBy(() -> session.open(nobody))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("refused");
        assertThatThrownBy(() -> session.open(GuestAddress.unix("/nowhere/at/all")))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("No such file");
        assertThatThrownBy(() -> session.open(GuestAddress.tcp("not.an.address", 1)))
                .isInstanceOf(IOException.class);
    }

    @Test
    void aSlowReaderHoldsUpNobodyElse() throws Exception {
        try (GuestStream slow = session.open(target());
                Socket fast = server.accept()) {
            byte[] all = new byte[4 << 20];
            new Random(1).nextBytes(all);
            Thread writer = Thread.ofVirtual().start(() -> write(fast, all));
            try (GuestStream other = session.open(target());
                    Socket peer = server.accept()) {
                // Far more than all windows together.
                for (int i = 0; i < 20; i++) {
                    peer.getOutputStream().write(new byte[100_000]);
                    assertThat(other.in().readNBytes(100_000)).hasSize(100_000);
                }
            }
            assertThat(slow.in().available()).isBetween(1, 256 << 10);
            assertThat(slow.in().readAllBytes()).isEqualTo(all);
            writer.join();
        }
    }

    private static void write(Socket socket, byte[] bytes) {
        try {
            socket.getOutputStream().write(bytes);
            socket.shutdownOutput();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    @Test
    void aGuestThatDoesNotReadHoldsUpItsWriterOnly() throws Exception {
        try (GuestStream stream = session.open(target());
                Socket slow = server.accept()) {
            byte[] all = new byte[16 << 20];
            new Random(2).nextBytes(all);
            CompletableFuture<Void> writing = CompletableFuture.runAsync(
                    () -> {
                        try {
                            stream.out().write(all);
                            stream.finish();
                        } catch (IOException e) {
                            throw new java.io.UncheckedIOException(e);
                        }
                    },
                    Thread::startVirtualThread);
            try (GuestStream other = session.open(target());
                    Socket peer = server.accept()) {
                other.out().write(7);
                assertThat(peer.getInputStream().read()).isEqualTo(7);
            }
            assertThat(writing).isNotDone();
            assertThat(slow.getInputStream().readAllBytes()).isEqualTo(all);
            writing.get(30, TimeUnit.SECONDS);
        }
    }

    @Test
    void oneByteAtATime() throws Exception {
        try (GuestStream stream = session.open(target());
                Socket socket = server.accept()) {
            for (int i = 0; i < 300; i++) {
                stream.out().write(i);
                assertThat(socket.getInputStream().read()).isEqualTo(i & 0xff);
                socket.getOutputStream().write(i);
                assertThat(stream.in().read()).isEqualTo(i & 0xff);
            }
        }
    }

    @Test
    void aHugeTransferBothWaysAtOnce() throws Exception {
        long size = 100L << 20;
        try (GuestStream stream = session.open(target());
                Socket socket = server.accept()) {
            CompletableFuture<String> sent = digestOf(new Noise(3, size), socket.getOutputStream());
            CompletableFuture<String> back = digestOf(socket.getInputStream(), OutputStream.nullOutputStream());
            CompletableFuture<String> out = digestOf(new Noise(4, size), stream.out());
            String received = digestOf(stream.in(), OutputStream.nullOutputStream(), size);
            assertThat(received).isEqualTo(sent.get());
            String written = out.get();
            stream.finish();
            assertThat(back.get()).isEqualTo(written);
        }
    }

    /** Bytes that nobody can guess, the same for the same seed. */
    private static final class Noise extends InputStream {
        private final Random random;
        private long left;

        Noise(long seed, long size) {
            random = new Random(seed);
            left = size;
        }

        @Override
        public int read() {
            return left-- > 0 ? random.nextInt(256) : -1;
        }

        @Override
        public int read(byte[] target, int start, int length) {
            if (left <= 0) {
                return -1;
            }
            byte[] piece = new byte[(int) Math.min(length, left)];
            random.nextBytes(piece);
            System.arraycopy(piece, 0, target, start, piece.length);
            left -= piece.length;
            return piece.length;
        }
    }

    private static CompletableFuture<String> digestOf(InputStream in, OutputStream out) {
        return CompletableFuture.supplyAsync(
                () -> {
                    try {
                        return digestOf(in, out, Long.MAX_VALUE);
                    } catch (Exception e) {
                        throw new IllegalStateException(e);
                    }
                },
                task -> Thread.ofVirtual().start(task));
    }

    private static String digestOf(InputStream in, OutputStream out, long most) throws Exception {
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        byte[] piece = new byte[50_000];
        long left = most;
        int got;
        while (left > 0 && (got = in.read(piece, 0, (int) Math.min(piece.length, left))) > 0) {
            digest.update(piece, 0, got);
            out.write(piece, 0, got);
            left -= got;
        }
        return java.util.HexFormat.of().formatHex(digest.digest());
    }

    @Test
    void manyStreamsLeaveNothingBehind() throws Exception {
        long before = agent.descriptors();
        for (int round = 0; round < 3; round++) {
            List<GuestStream> streams = new ArrayList<>();
            List<Socket> sockets = new ArrayList<>();
            for (int i = 0; i < 300; i++) {
                streams.add(session.open(target()));
                sockets.add(server.accept());
                streams.getLast().out().write(i);
            }
            for (int i = 0; i < 300; i++) {
                assertThat(sockets.get(i).getInputStream().read()).isEqualTo(i & 0xff);
                // All ways to end one.
                switch (i % 3) {
                    case 0 -> streams.get(i).close();
                    case 1 -> {
                        sockets.get(i).close();
                        assertThat(streams.get(i).in().read()).isEqualTo(-1);
                    }
                    default -> streams.get(i).finish();
                }
                sockets.get(i).close();
                streams.get(i).close();
            }
        }
        // A round trip makes sure that the agent has got so far.
        try (GuestStream last = session.open(target())) {
            server.accept().close();
            assertThat(last.in().read()).isEqualTo(-1);
            assertThat(agent.descriptors()).isLessThanOrEqualTo(before + 2);
        }
    }

    @Test
    void unixSocketsOfTheGuest() throws Exception {
        Path path = folder.resolve("server.sock");
        try (ServerSocketChannel listening = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            listening.bind(UnixDomainSocketAddress.of(path));
            try (GuestStream stream = session.open(GuestAddress.unix(path.toString()));
                    SocketChannel peer = listening.accept()) {
                stream.out().write("over".getBytes(UTF_8));
                stream.finish();
                assertThat(Channels.newInputStream(peer).readAllBytes())
                        .asString()
                        .isEqualTo("over");
                peer.write(ByteBuffer.wrap("back".getBytes(UTF_8)));
                peer.shutdownOutput();
                assertThat(stream.in().readAllBytes()).asString().isEqualTo("back");
            }
        }
    }

    @Test
    void datagramsKeepTheirBounds() throws Exception {
        try (DatagramChannel echo = DatagramChannel.open(StandardProtocolFamily.INET)) {
            echo.bind(new InetSocketAddress(LOOPBACK, 0));
            int port = ((InetSocketAddress) echo.getLocalAddress()).getPort();
            try (GuestStream stream = session.open(GuestAddress.udp("127.0.0.1", port))) {
                ByteBuffer buffer = ByteBuffer.allocate(70_000);
                byte[] target = new byte[70_000];
                for (int size : new int[] {1, 0, 512, 1500, 20_000, 65_507}) {
                    stream.out().write(new byte[size]);
                    SocketAddress from = echo.receive(buffer.clear());
                    assertThat(buffer.position()).isEqualTo(size);
                    echo.send(buffer.flip(), from);
                    assertThat(stream.in().read(target)).isEqualTo(size);
                }
                assertThatThrownBy(() -> stream.out().write(new byte[65_508])).isInstanceOf(IOException.class);
            }
        }
    }
}
