// SPDX-License-Identifier: Apache-2.0
package io.jlima.guestagent.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.jlima.api.guest.GuestAddress;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Guests that lie: each costs its own session and nothing else. */
@Timeout(120)
class HostileGuestTest {
    @TempDir
    Path folder;

    private ServerSocketChannel listening;

    @BeforeEach
    void begin() throws IOException {
        listening = ServerSocketChannel.open(StandardProtocolFamily.UNIX)
                .bind(UnixDomainSocketAddress.of(folder.resolve("ga.sock")));
    }

    @AfterEach
    void end() throws IOException {
        listening.close();
    }

    private SocketChannel connect() throws IOException {
        SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
        channel.connect(UnixDomainSocketAddress.of(folder.resolve("ga.sock")));
        return channel;
    }

    /** A guest's side of a channel, which has answered the hello. */
    private static final class Guest {
        final SocketChannel channel;
        final int tag;

        Guest(SocketChannel channel) throws IOException {
            this.channel = channel;
            ByteBuffer hello = ByteBuffer.allocate(Wire.PREAMBLE + Wire.RECORD);
            while (hello.hasRemaining()) {
                if (channel.read(hello) < 0) {
                    throw new IOException("the host hung up");
                }
            }
            long nonce = hello.getLong(Wire.PREAMBLE + 12);
            this.tag = (int) (nonce >>> 32);
            channel.write(Wire.record(Wire.ANSWER, nonce));
        }

        static ByteBuffer frame(int tag, int type, int id, byte[] body) {
            return ByteBuffer.allocate(Wire.HEADER + body.length + Wire.TRAILER)
                    .put((byte) type)
                    .put((byte) 0)
                    .putShort((short) body.length)
                    .putInt(id)
                    .put(body)
                    .putInt(tag)
                    .flip();
        }
    }

    /** Runs a link against bytes that follow the answer, to its end. */
    private IOException outcome(java.util.function.IntFunction<ByteBuffer> bytes) throws Exception {
        SocketChannel host = connect();
        SocketChannel guestEnd = listening.accept();
        try (host) {
            Link link = new Link("test", host, new Listener());
            Thread guest = Thread.ofVirtual().start(() -> {
                try {
                    ByteBuffer all = bytes.apply(new Guest(guestEnd).tag);
                    while (all.hasRemaining()) {
                        guestEnd.write(all);
                    }
                    guestEnd.shutdownOutput();
                } catch (IOException e) {
                    // The host has hung up first.
                }
            });
            try {
                link.meet();
                link.run();
                throw new AssertionError("a link ends by an exception");
            } catch (IOException e) {
                return e;
            } finally {
                guestEnd.close();
                guest.join();
            }
        }
    }

    private static long descriptors() throws IOException {
        try (Stream<Path> all = Files.list(Path.of("/proc/self/fd"))) {
            return all.count();
        }
    }

    @Test
    void aThousandMalformedFramesLeaveNothingBehind() throws Exception {
        outcome(tag -> ByteBuffer.allocate(0));
        long descriptors = descriptors();
        int threads = Thread.activeCount();
        Random random = new Random(7);
        int refused = 0;
        for (int i = 0; i < 1000; i++) {
            byte[] body = new byte[random.nextInt(64)];
            random.nextBytes(body);
            int type = random.nextInt(256);
            int id = random.nextInt(4);
            int spoil = random.nextInt(4);
            IOException end = outcome(tag -> {
                ByteBuffer frame = Guest.frame(spoil == 0 ? tag + 1 : tag, type, id, body);
                if (spoil == 1) {
                    frame.put(2, (byte) random.nextInt(256));
                } else if (spoil == 2) {
                    frame.limit(random.nextInt(frame.limit() + 1));
                }
                return frame;
            });
            refused += end instanceof ProtocolException ? 1 : 0;
            assertThat(end).isInstanceOf(IOException.class);
        }
        assertThat(refused).isGreaterThan(300);
        // Java opens some for itself when it needs them.
        assertThat(descriptors()).isLessThan(descriptors + 20);
        assertThat(Thread.activeCount()).isLessThan(threads + 20);
    }

    @Test
    void noise() throws Exception {
        Random random = new Random(8);
        for (int i = 0; i < 20; i++) {
            byte[] noise = new byte[10_000];
            random.nextBytes(noise);
            assertThat(outcome(tag -> ByteBuffer.wrap(noise))).isInstanceOf(IOException.class);
        }
    }

    @Test
    void portsWithoutEnd() throws Exception {
        IOException end = outcome(tag -> {
            ByteBuffer all = ByteBuffer.allocate(80 << 20);
            byte[] body = new byte[3000 * Wire.PORT_ENTRY];
            int number = 0;
            for (int frame = 0; all.remaining() > Wire.HEADER + body.length + Wire.TRAILER; frame++) {
                ByteBuffer entries = ByteBuffer.wrap(body);
                while (entries.hasRemaining()) {
                    entries.put((byte) 1).put((byte) 1).putShort((short) 80).put((byte) 4);
                    entries.putInt(number++).putInt(0).putLong(0);
                }
                all.put(Guest.frame(tag + frame, Wire.PORTS, 0, body));
            }
            return all.flip();
        });
        assertThat(end).isInstanceOf(ProtocolException.class).hasMessageContaining("ports");
    }

    @Test
    void changesWithoutEnd() throws Exception {
        IOException end = outcome(tag -> {
            ByteBuffer all = ByteBuffer.allocate(80 << 20);
            byte[] body = new byte[3000 * Wire.PORT_ENTRY];
            for (int frame = 0; all.remaining() > Wire.HEADER + body.length + Wire.TRAILER; frame++) {
                ByteBuffer entries = ByteBuffer.wrap(body);
                for (int i = 0; entries.hasRemaining(); i++) {
                    entries.put((byte) (i % 2))
                            .put((byte) 1)
                            .putShort((short) 80)
                            .put((byte) 4);
                    entries.putLong(0).putLong(0);
                }
                all.put(Guest.frame(tag + frame, Wire.PORTS, 0, body));
            }
            return all.flip();
        });
        assertThat(end).isInstanceOf(ProtocolException.class).hasMessageContaining("without end");
    }

    @Test
    void noAnswerButNoise() throws Exception {
        SocketChannel host = connect();
        try (SocketChannel guestEnd = listening.accept()) {
            Link link = new Link("test", host, new Listener());
            Thread guest = Thread.ofVirtual().start(() -> {
                try {
                    ByteBuffer noise = ByteBuffer.allocate(65536);
                    while (true) {
                        guestEnd.write(noise.clear());
                    }
                } catch (IOException e) {
                    // The host has had enough.
                }
            });
            org.assertj.core.api.Assertions.assertThatThrownBy(link::meet).isInstanceOf(ProtocolException.class);
            host.close();
            guest.join();
        }
    }

    /** Reads frames of the host up to one of this type, and returns its number. */
    private static int awaitFrame(SocketChannel channel, int type) throws IOException {
        while (true) {
            ByteBuffer header = whole(channel, Wire.HEADER);
            whole(channel, Short.toUnsignedInt(header.getShort(2)) + Wire.TRAILER);
            if (header.get(0) == type) {
                return header.getInt(4);
            }
        }
    }

    private static ByteBuffer whole(SocketChannel channel, int size) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(size);
        while (buffer.hasRemaining()) {
            if (channel.read(buffer) < 0) {
                throw new IOException("the host hung up");
            }
        }
        return buffer.flip();
    }

    @Test
    void whatALinkEndedWithoutAnAnswerToIsAskedOnTheNextOne() throws Exception {
        CompletableFuture<Integer> askedAgain = new CompletableFuture<>();
        CompletableFuture<Integer> ended = new CompletableFuture<>();
        Thread guest = Thread.ofVirtual().start(() -> {
            try {
                try (SocketChannel first = listening.accept()) {
                    first.write(Guest.frame(new Guest(first).tag, Wire.SYNCED, 0, new byte[0]));
                    awaitFrame(first, Wire.LISTEN);
                }
                try (SocketChannel second = listening.accept()) {
                    int tag = new Guest(second).tag;
                    int id = awaitFrame(second, Wire.LISTEN);
                    second.write(Guest.frame(tag, Wire.LISTENING, id, new byte[0]));
                    askedAgain.complete(id);
                    ended.complete(awaitFrame(second, Wire.UNLISTEN));
                }
            } catch (IOException e) {
                askedAgain.completeExceptionally(e);
                ended.completeExceptionally(e);
            }
        });
        try (GuestSession session = new GuestSession("test", this::connect, line -> {})) {
            session.met().toCompletableFuture().get(30, TimeUnit.SECONDS);
            AutoCloseable handle = session.listen(GuestAddress.tcp("192.168.5.3", 53), stream -> {});
            int id = askedAgain.get(30, TimeUnit.SECONDS);
            handle.close();
            assertThat(ended.get(30, TimeUnit.SECONDS)).isEqualTo(id);
            guest.join();
        }
    }

    @Test
    void moreDataThanTheWindow() throws Exception {
        try (SocketChannel host = connect();
                SocketChannel guestEnd = listening.accept()) {
            Link link = new Link("test", host, new Listener());
            Thread guest = Thread.ofVirtual().start(() -> {
                try {
                    int tag = new Guest(guestEnd).tag;
                    // Waits for the OPEN, whatever it says.
                    guestEnd.read(ByteBuffer.allocate(100));
                    guestEnd.write(Guest.frame(tag++, Wire.OPENED, 1, FrameWriter.number(1000)));
                    byte[] piece = new byte[Wire.PIECE];
                    while (true) {
                        guestEnd.write(Guest.frame(tag++, Wire.DATA, 1, piece));
                    }
                } catch (IOException e) {
                    // The host has had enough.
                }
            });
            link.meet();
            Thread opener = Thread.ofVirtual().start(() -> {
                try {
                    link.open(GuestAddress.tcp("127.0.0.1", 80));
                } catch (IOException e) {
                    // The link is over before or after the answer.
                }
            });
            org.assertj.core.api.Assertions.assertThatThrownBy(link::run)
                    .isInstanceOf(ProtocolException.class)
                    .hasMessageContaining("allowed");
            opener.join();
            guest.join();
        }
    }
}
