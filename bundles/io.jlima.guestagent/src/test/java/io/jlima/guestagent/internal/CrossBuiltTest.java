// SPDX-License-Identifier: Apache-2.0
package io.jlima.guestagent.internal;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.jlima.api.guest.GuestAddress;
import io.jlima.api.guest.GuestStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The agent for aarch64, run by an emulator on this machine's kernel, which is asked for events as in a guest. */
@Timeout(180)
class CrossBuiltTest {
    private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();

    @TempDir
    Path folder;

    private RealAgent agent;
    private GuestSession session;
    private final Recorder recorder = new Recorder();

    @BeforeEach
    void begin() throws Exception {
        agent = RealAgent.emulated(folder);
        session = new GuestSession("test", RealAgent.connector(RealAgent.socket(folder)), line -> {});
        session.watch(recorder);
        session.met().toCompletableFuture().get(60, TimeUnit.SECONDS);
    }

    @AfterEach
    void end() throws Exception {
        if (agent != null) {
            session.close();
            agent.close();
        }
    }

    @Test
    void portsAndStreams() throws Exception {
        GuestAddress address;
        try (ServerSocket server = new ServerSocket(0, 50, LOOPBACK)) {
            address = GuestAddress.tcp("127.0.0.1", server.getLocalPort());
            recorder.await(("opened " + address)::equals);
            try (GuestStream stream = session.open(address);
                    Socket socket = server.accept()) {
                byte[] large = new byte[1 << 20];
                new java.util.Random(3).nextBytes(large);
                Thread.ofVirtual().start(() -> {
                    try {
                        socket.getOutputStream().write(large);
                        socket.shutdownOutput();
                    } catch (java.io.IOException e) {
                        throw new java.io.UncheckedIOException(e);
                    }
                });
                stream.out().write("question".getBytes(UTF_8));
                stream.finish();
                assertThat(stream.in().readAllBytes()).isEqualTo(large);
                assertThat(socket.getInputStream().readAllBytes()).asString().isEqualTo("question");
            }
        }
        recorder.await(("closed " + address)::equals);
    }

    @Test
    void aSocketOfTheGuestAfterAWordAboutTheClock() throws Exception {
        session.setClock(Instant.now().minusSeconds(3600));
        Path path = folder.resolve("reverse.sock");
        try (AutoCloseable listening = session.listen(GuestAddress.unix(path.toString()), stream -> {
                    try (stream) {
                        stream.out().write("from the host".getBytes(UTF_8));
                        stream.finish();
                    }
                });
                SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(path))) {
            assertThat(listening).isNotNull();
            assertThat(Channels.newInputStream(channel).readAllBytes())
                    .asString()
                    .isEqualTo("from the host");
        }
    }
}
