// SPDX-License-Identifier: Apache-2.0
package io.jlima.guestagent.internal;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jlima.api.guest.AgentSession;
import io.jlima.api.guest.GuestAddress;
import io.jlima.api.guest.GuestStream;
import io.jlima.testing.ReservedPort;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Sockets that the real agent listens at for the host. */
@Timeout(180)
class GuestListenersTest extends MetAgent {
    private ReservedPort reserved;

    @BeforeEach
    void reserve() throws IOException {
        reserved = new ReservedPort();
    }

    @AfterEach
    void giveBack() throws IOException {
        reserved.close();
    }

    @Test
    void theGuestListensForTheHost() throws Exception {
        int port = reserved.number();
        AutoCloseable listening = session.listen(GuestAddress.tcp("127.0.0.1", port), GuestListenersTest::echo);
        try (Socket socket = new Socket(LOOPBACK, port)) {
            socket.getOutputStream().write("echo".getBytes(UTF_8));
            socket.shutdownOutput();
            assertThat(socket.getInputStream().readAllBytes()).asString().isEqualTo("echo");
        }
        assertThatThrownBy(() -> session.listen(GuestAddress.tcp("127.0.0.1", port), GuestListenersTest::echo))
                .hasMessageContaining("in use");
        listening.close();
        // The same place can be had again at once.
        session.listen(GuestAddress.tcp("127.0.0.1", port), GuestListenersTest::echo)
                .close();
    }

    private static void echo(GuestStream stream) throws IOException {
        try (stream) {
            stream.in().transferTo(stream.out());
            stream.finish();
        }
    }

    @Test
    void theGuestListensAtAPath() throws Exception {
        Path path = folder.resolve("reverse.sock");
        AutoCloseable listening = session.listen(GuestAddress.unix(path.toString()), GuestListenersTest::echo);
        try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(path))) {
            channel.write(ByteBuffer.wrap("echo".getBytes(UTF_8)));
            channel.shutdownOutput();
            assertThat(Channels.newInputStream(channel).readAllBytes())
                    .asString()
                    .isEqualTo("echo");
        }
        // What is no abandoned socket is not removed.
        Path file = Files.writeString(folder.resolve("file"), "content");
        assertThatThrownBy(() -> session.listen(GuestAddress.unix(file.toString()), GuestListenersTest::echo))
                .hasMessageContaining("in use");
        assertThat(file).hasContent("content");
        listening.close();
        // In its order after the end of the listener.
        assertThatThrownBy(() -> session.open(GuestAddress.unix(path.toString())))
                .hasMessageContaining("No such file");
        assertThat(path).doesNotExist();
    }

    @Test
    void theGuestListensForDatagrams() throws Exception {
        LinkedBlockingQueue<String> questions = new LinkedBlockingQueue<>();
        Datagrams datagrams = listenForDatagrams(stream -> {
            byte[] question = new byte[2000];
            int size;
            while ((size = stream.in().read(question)) >= 0) {
                questions.add(new String(question, 0, size, UTF_8));
                stream.out().write(question, 0, size);
            }
        });
        ByteBuffer buffer = ByteBuffer.allocate(2000);
        for (int i = 0; i < 20; i++) {
            try (DatagramChannel client = DatagramChannel.open()) {
                client.connect(new InetSocketAddress(LOOPBACK, datagrams.port()));
                for (String word : List.of("first" + i, "second" + i)) {
                    client.write(ByteBuffer.wrap(word.getBytes(UTF_8)));
                    client.read(buffer.clear());
                    assertThat(new String(buffer.array(), 0, buffer.position(), UTF_8))
                            .isEqualTo(word);
                }
            }
        }
        assertThat(questions).hasSize(40);
        datagrams.listening().close();
    }

    /** Where the agent listens for datagrams. */
    private record Datagrams(int port, AutoCloseable listening) {}

    /** No port for datagrams can be kept for the agent; one that somebody else has got first is refused by it. */
    private Datagrams listenForDatagrams(AgentSession.Acceptor acceptor) throws IOException {
        while (true) {
            int port;
            try (DatagramChannel free = DatagramChannel.open(StandardProtocolFamily.INET)) {
                free.bind(new InetSocketAddress(LOOPBACK, 0));
                port = ((InetSocketAddress) free.getLocalAddress()).getPort();
            }
            try {
                return new Datagrams(port, session.listen(GuestAddress.udp("127.0.0.1", port), acceptor));
            } catch (IOException e) {
                assertThat(e).hasMessageContaining("in use");
            }
        }
    }

    @Test
    void listenersAreMadeAgainByANewAgent() throws Exception {
        int port = reserved.number();
        Recorder recorder = new Recorder();
        session.watch(recorder);
        AutoCloseable listening = session.listen(GuestAddress.tcp("127.0.0.1", port), GuestListenersTest::echo);
        agent.kill();
        recorder.await("disconnected");
        agent = RealAgent.serving(folder);
        recorder.await(word -> word.startsWith("connected"));
        // Asked in this order on the link that is new: the answer to this comes after the listener is there.
        ByteArrayOutputStream answer = new ByteArrayOutputStream();
        while (answer.size() == 0) {
            try (Socket socket = new Socket(LOOPBACK, port)) {
                socket.getOutputStream().write('x');
                socket.shutdownOutput();
                socket.getInputStream().transferTo(answer);
            } catch (java.net.ConnectException e) {
                Thread.onSpinWait();
            }
        }
        assertThat(answer.toString(UTF_8)).isEqualTo("x");
        listening.close();
    }
}
