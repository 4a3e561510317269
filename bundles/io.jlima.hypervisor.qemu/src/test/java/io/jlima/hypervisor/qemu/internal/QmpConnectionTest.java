// SPDX-License-Identifier: Apache-2.0
package io.jlima.hypervisor.qemu.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(180)
class QmpConnectionTest {
    private static final String GREETING = "{\"QMP\": {\"version\": {}, \"capabilities\": []}}\r\n";
    private static final Duration LONG = Duration.ofSeconds(60);
    private static final Duration SHORT = Duration.ofMillis(50);

    @TempDir
    Path directory = Path.of("unset");

    private Path socket = Path.of("unset");
    private ServerSocketChannel server = unset();
    private final BlockingQueue<QmpEvent> events = new LinkedBlockingQueue<>();

    @SuppressWarnings("NullAway")
    private static ServerSocketChannel unset() {
        return null;
    }

    @BeforeEach
    void listen() throws IOException {
        socket = directory.resolve("qmp.sock");
        server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        server.bind(UnixDomainSocketAddress.of(socket));
    }

    @AfterEach
    void close() throws IOException {
        server.close();
    }

    /** What a peer says: text first, then one text per line that it reads; then it hangs up or stays silent. */
    private CompletableFuture<Void> peer(boolean hangUp, String first, String... answers) {
        CompletableFuture<Void> failure = new CompletableFuture<>();
        Thread.ofVirtual().start(() -> {
            try {
                SocketChannel peer = server.accept();
                send(peer, first);
                BufferedReader lines =
                        new BufferedReader(Channels.newReader(peer, StandardCharsets.UTF_8.newDecoder(), -1));
                for (String answer : answers) {
                    lines.readLine();
                    send(peer, answer);
                }
                if (hangUp) {
                    peer.close();
                } else {
                    lines.readLine();
                }
                failure.complete(null);
            } catch (IOException e) {
                failure.completeExceptionally(e);
            }
        });
        return failure;
    }

    private static void send(SocketChannel peer, String text) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
        while (bytes.hasRemaining()) {
            peer.write(bytes);
        }
    }

    private QmpConnection open() throws IOException, InterruptedException {
        return QmpConnection.open(socket, events::add, LONG);
    }

    private static String answer(int id, String json) {
        return "{\"return\": " + json + ", \"id\": " + id + "}\r\n";
    }

    @Test
    void executesCommands() throws Exception {
        peer(
                false,
                GREETING,
                answer(1, "{}"),
                "{\"event\": \"STOP\", \"timestamp\": {}}\n" + answer(2, "{\"status\": \"paused\"}"),
                "{\"id\": 3, \"error\": {\"class\": \"GenericError\", \"desc\": \"no such thing\"}}\n");
        try (QmpConnection qmp = open()) {
            assertThat(qmp.execute("query-status", Map.of(), LONG)).isEqualTo(Map.of("status", "paused"));
            assertThat(events).extracting(QmpEvent::name).containsExactly("STOP");
            assertThatThrownBy(() -> qmp.execute("eject", Map.of("device", "x"), LONG))
                    .isInstanceOf(QmpException.class)
                    .hasMessage("eject: no such thing");
        }
    }

    @Test
    void tellsEventsBeforeTheEnd() throws Exception {
        peer(true, GREETING, answer(1, "{}") + "{\"event\":\"SHUTDOWN\",\"data\":{\"guest\":true,\"reason\":\"r\"}}\n");
        try (QmpConnection qmp = open()) {
            qmp.ended().toCompletableFuture().get(60, TimeUnit.SECONDS);
            assertThat(events).containsExactly(new QmpEvent("SHUTDOWN", Map.of("guest", true, "reason", "r")));
            assertThatThrownBy(() -> qmp.execute("stop", Map.of(), LONG))
                    .isInstanceOf(QmpException.class)
                    .hasMessageContaining("closed");
        }
    }

    @Test
    void failsCommandsUnderWayWhenThePeerHangsUp() throws Exception {
        peer(true, GREETING, answer(1, "{}"), "");
        try (QmpConnection qmp = open()) {
            assertThatThrownBy(() -> qmp.execute("stop", Map.of(), LONG))
                    .isInstanceOf(QmpException.class)
                    .hasMessageContaining("closed");
        }
    }

    @Test
    void givesUpOnAPeerThatDoesNotAnswer() throws Exception {
        peer(false, GREETING, answer(1, "{}"), answer(77, "{}") + "{}\n\n");
        try (QmpConnection qmp = open()) {
            assertThatThrownBy(() -> qmp.execute("stop", Map.of(), SHORT))
                    .isInstanceOf(QmpException.class)
                    .hasMessageContaining("50 ms")
                    .hasMessageContaining("stop");
        }
    }

    @Test
    void givesUpOnAPeerThatDoesNotGreet() {
        peer(false, "");

        assertThatThrownBy(() -> QmpConnection.open(socket, events::add, SHORT))
                .isInstanceOf(QmpException.class)
                .hasMessageContaining("greeting");
    }

    @Test
    void endsOnWhatIsNoJson() {
        peer(false, "SSH-2.0-OpenSSH\r\n");

        assertThatThrownBy(this::open).isInstanceOf(QmpException.class).hasMessageContaining("not JSON");
    }

    @Test
    void endsOnAMessageWithoutEnd() {
        peer(false, "x".repeat(5 * 1024 * 1024));

        assertThatThrownBy(this::open).isInstanceOf(QmpException.class).hasMessageContaining("without end");
    }

    @Test
    void takesLongMessagesAndManyAtOnce() throws Exception {
        String text = "ä".repeat(100_000);
        peer(
                false,
                GREETING,
                answer(1, "{}"),
                "{\"event\": \"A\"}\n{\"event\": \"B\"}\n" + answer(2, "\"" + text + "\"") + "{\"event\": \"C\"}\n");
        try (QmpConnection qmp = open()) {
            assertThat(qmp.execute("x", Map.of(), LONG)).isEqualTo(text);
            assertThat(events.poll(60, TimeUnit.SECONDS)).isEqualTo(new QmpEvent("A", Map.of()));
            assertThat(events.poll(60, TimeUnit.SECONDS)).isEqualTo(new QmpEvent("B", Map.of()));
            assertThat(events.poll(60, TimeUnit.SECONDS)).isEqualTo(new QmpEvent("C", Map.of()));
        }
    }

    @Test
    void anInterruptedCallerDoesNotEndTheConnection() throws Exception {
        peer(false, GREETING, answer(1, "{}"), "", answer(3, "{}"));
        try (QmpConnection qmp = open()) {
            Thread.currentThread().interrupt();
            assertThatThrownBy(() -> qmp.execute("stop", Map.of(), LONG)).isInstanceOf(InterruptedException.class);
            assertThat(qmp.execute("cont", Map.of(), LONG)).isEqualTo(Map.of());
        }
    }
}
