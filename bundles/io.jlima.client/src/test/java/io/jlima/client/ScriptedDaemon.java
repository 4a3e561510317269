// SPDX-License-Identifier: Apache-2.0
package io.jlima.client;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/** A daemon that says what a test has written down. */
final class ScriptedDaemon {
    private final ServerSocketChannel server;
    private final List<Throwable> faults = new CopyOnWriteArrayList<>();
    private @Nullable Thread serving;
    private volatile @Nullable SocketChannel served;

    ScriptedDaemon(Path socket) throws IOException {
        server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        server.bind(UnixDomainSocketAddress.of(socket));
    }

    /** What the daemon does with one connection. */
    interface Script {
        void play(Connection connection) throws Exception;
    }

    record Frame(int type, byte[] body) {
        String text() {
            return new String(body, StandardCharsets.UTF_8);
        }
    }

    record Connection(SocketChannel channel) {
        /** Null at the end. */
        @Nullable
        Frame read() throws IOException {
            ByteBuffer header = ByteBuffer.allocate(5);
            if (!fill(header)) {
                return null;
            }
            int type = header.get();
            ByteBuffer body = ByteBuffer.allocate(header.getInt());
            return fill(body) ? new Frame(type, body.array()) : null;
        }

        Frame next() throws IOException {
            Frame frame = read();
            if (frame == null) {
                throw new IOException("the client has left");
            }
            return frame;
        }

        private boolean fill(ByteBuffer buffer) throws IOException {
            while (buffer.hasRemaining()) {
                if (channel.read(buffer) < 0) {
                    return false;
                }
            }
            buffer.flip();
            return true;
        }

        void send(int type, byte... body) throws IOException {
            ByteBuffer frame = ByteBuffer.allocate(5 + body.length);
            raw(frame.put((byte) type).putInt(body.length).put(body).flip());
        }

        void number(int type, int number) throws IOException {
            send(type, ByteBuffer.allocate(4).putInt(number).array());
        }

        void raw(ByteBuffer bytes) throws IOException {
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
        }
    }

    /** Plays one script for each connection, in order. */
    void plays(Script... scripts) {
        serving = Thread.ofPlatform().start(() -> {
            for (Script script : scripts) {
                if (!serve(script)) {
                    return;
                }
            }
        });
    }

    /** Plays a script for each connection as long as there are any; their numbers begin with 0. */
    void playsAlways(IntFunction<Script> scripts) {
        serving = Thread.ofPlatform().start(() -> {
            for (int i = 0; serve(scripts.apply(i)); i++) {}
        });
    }

    /** False when that was the last connection. */
    private boolean serve(Script script) {
        try (SocketChannel channel = server.accept()) {
            served = channel;
            script.play(new Connection(channel));
            return true;
        } catch (ClosedChannelException e) {
            return false;
        } catch (Throwable e) {
            faults.add(e);
            return false;
        }
    }

    /** Fails if a script met what it had not expected; a client that still waits is let go. */
    void close() throws Exception {
        server.close();
        SocketChannel last = served;
        if (last != null) {
            last.close();
        }
        if (serving != null) {
            assertThat(serving.join(Duration.ofSeconds(20))).isTrue();
        }
        assertThat(faults).isEmpty();
    }

    /** Takes the request, accepts it, and goes on. */
    static Script accepting(Script rest) {
        return c -> {
            assertThat(c.next().type()).isZero();
            c.send(10);
            rest.play(c);
        };
    }
}
