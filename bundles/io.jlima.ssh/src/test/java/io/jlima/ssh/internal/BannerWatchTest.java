// SPDX-License-Identifier: Apache-2.0
package io.jlima.ssh.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jlima.api.LimaException;
import io.jlima.testing.ReservedPort;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(180)
final class BannerWatchTest {
    private static final Duration LONG = Duration.ofSeconds(60);

    /** Long enough for one try of a loaded machine. */
    private static final Duration SHORT = Duration.ofSeconds(1);

    @TempDir
    Path temporary;

    private final SshdConnector connector = new SshdConnector();

    /** Takes connections, does one thing with each, and counts those that are open. */
    private static final class Listener implements AutoCloseable {
        private final ServerSocket server;
        private final Set<Socket> open = ConcurrentHashMap.newKeySet();
        private final Thread acceptor;

        interface Manners {
            void receive(Socket socket, int number) throws IOException;
        }

        Listener(int port, Manners manners) throws IOException {
            server = new ServerSocket();
            server.setReuseAddress(true);
            server.bind(new java.net.InetSocketAddress(InetAddress.getByName(Sshd.HOST), port));
            acceptor = Thread.ofPlatform().start(() -> {
                try {
                    for (int number = 1; ; number++) {
                        Socket socket = server.accept();
                        int current = number;
                        open.add(socket);
                        Thread.ofVirtual().start(() -> serve(socket, manners, current));
                    }
                } catch (IOException e) {
                    // Closed.
                }
            });
        }

        private void serve(Socket socket, Manners manners, int number) {
            try (socket) {
                manners.receive(socket, number);
            } catch (IOException e) {
                // The other side has gone.
            } finally {
                open.remove(socket);
            }
        }

        int port() {
            return server.getLocalPort();
        }

        @Override
        public void close() throws IOException {
            server.close();
            for (Socket socket : open) {
                socket.close();
            }
            try {
                // Until then, the kernel keeps the port.
                acceptor.join(LONG);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Like QEMU's network while the guest is not up: takes the connection and says nothing. */
    private static void silent(Socket socket, int number) throws IOException {
        socket.getInputStream().transferTo(java.io.OutputStream.nullOutputStream());
    }

    private static Listener.Manners says(String words) {
        return (socket, number) -> {
            socket.getOutputStream().write(words.getBytes(StandardCharsets.ISO_8859_1));
            silent(socket, number);
        };
    }

    @Test
    void sshdThatAppearsLaterIsSeen() throws Exception {
        ReservedPort port = new ReservedPort();
        CompletableFuture<Void> greeted = waitInBackground(port.number());
        assertThatThrownBy(() -> greeted.get(700, TimeUnit.MILLISECONDS))
                .as("nothing listens yet")
                .isInstanceOf(java.util.concurrent.TimeoutException.class);
        try (Sshd sshd = Sshd.start(temporary, port, connector.newHostKey("h"), connector.userKey(temporary))) {
            greeted.get(60, TimeUnit.SECONDS);
            Eventually.holds("sshd was asked", LONG, () -> sshd.log().contains("Connection from"));
        }
    }

    @Test
    void silentListenerIsGivenUpOnAndLeavesNothingBehind() throws Exception {
        try (ReservedPort port = new ReservedPort()) {
            CompletableFuture<Void> greeted;
            try (Listener slirp = new Listener(port.number(), BannerWatchTest::silent)) {
                greeted = waitInBackground(port.number());
                assertThatThrownBy(() -> greeted.get(2500, TimeUnit.MILLISECONDS))
                        .isInstanceOf(java.util.concurrent.TimeoutException.class);
                Eventually.holds("tries overlap", LONG, () -> slirp.open.size() >= 2);
                assertThat(slirp.open.size()).as("overlapping tries").isLessThanOrEqualTo(6);
            }
            try (Listener sshd = new Listener(port.number(), says("SSH-2.0-test\r\n"))) {
                greeted.get(60, TimeUnit.SECONDS);
                Eventually.holds("all tries are closed", LONG, sshd.open::isEmpty);
            }
        }
    }

    @Test
    void aGuestThatWillTellIsHardlyAskedBeforeAndAtOnceAfter() throws Exception {
        CompletableFuture<Void> told = new CompletableFuture<>();
        Set<Integer> before = ConcurrentHashMap.newKeySet();
        Listener.Manners manners = (socket, number) -> {
            if (told.isDone()) {
                says("SSH-2.0-test\r\n").receive(socket, number);
            }
            before.add(number);
            silent(socket, number);
        };
        try (Listener listener = new Listener(0, manners)) {
            CompletableFuture<Throwable> result = new CompletableFuture<>();
            Thread waiter = Thread.ofVirtual().start(() -> {
                try {
                    connector.awaitBanner(
                            Sshd.HOST, listener.port(), LONG, List.of(new CompletableFuture<Void>(), told));
                } catch (InterruptedException | RuntimeException e) {
                    result.complete(e);
                }
            });
            Eventually.holds("a try is made", LONG, () -> !before.isEmpty());
            assertThat(waiter.join(Duration.ofMillis(1500))).isFalse();
            assertThat(before).as("tries before the word").hasSizeLessThan(3);
            told.complete(null);
            assertThat(waiter.join(LONG)).isTrue();
            assertThat(result).isNotDone();
        }
    }

    @Test
    void oneAnswerAmongSilentConnectionsIsEnough() throws Exception {
        Set<Integer> numbers = ConcurrentHashMap.newKeySet();
        Listener.Manners manners = (socket, number) -> {
            numbers.add(number);
            if (number == 3) {
                says("SSH-2.0-test\n").receive(socket, number);
            }
            silent(socket, number);
        };
        try (Listener listener = new Listener(0, manners)) {
            connector.awaitBanner(Sshd.HOST, listener.port(), LONG);
            Eventually.holds("all tries are closed", LONG, listener.open::isEmpty);
            assertThat(numbers).contains(1, 2, 3);
        }
    }

    @Test
    void slowGuestIsHeardOut() throws Exception {
        // Longer than most tries stay; only the steady ones hear it.
        Listener.Manners slow = (socket, number) -> {
            socket.setSoTimeout(1500);
            try {
                socket.getInputStream().read();
            } catch (java.net.SocketTimeoutException e) {
                says("SSH-2.0-slow\r\n").receive(socket, number);
            }
        };
        try (Listener listener = new Listener(0, slow)) {
            connector.awaitBanner(Sshd.HOST, listener.port(), LONG);
            Eventually.holds("all tries are closed", LONG, listener.open::isEmpty);
        }
    }

    @Test
    void linesBeforeTheBannerAreSkipped() throws Exception {
        try (Listener listener = new Listener(0, says("Welcome\r\n" + "x".repeat(250) + "\r\nSSH-2.0-test\r\n"))) {
            connector.awaitBanner(Sshd.HOST, listener.port(), LONG);
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    HTTP/1.1 400 Bad Request\\r\\n\\r\\n | Something else than an sshd answered: "HTTP/1.1 400 Bad Request"
                    SSH-1.5-old\\r\\n                   | Something else than an sshd answered: "SSH-1.5-old"
                    SSH-2.0-no end of line              | Something else than an sshd answered: "SSH-2.0-no end of line"
                    \\033[2J\\007bell\\n             | Something else than an sshd answered: "?[2J?bell"
                    """)
    void foreignGreetingIsShown(String words, String shown) throws Exception {
        try (Listener listener = new Listener(0, says(words.translateEscapes()))) {
            assertThatThrownBy(() -> connector.awaitBanner(Sshd.HOST, listener.port(), SHORT))
                    .isInstanceOf(LimaException.class)
                    .hasMessageContaining("No sshd greeted on 127.0.0.1:" + listener.port() + " within 1 s")
                    .hasMessageContaining(shown)
                    .hasMessageContaining("ssh.localPort");
        }
    }

    @Test
    void endlessTalkerIsCutOff() throws Exception {
        Listener.Manners talker = (socket, number) -> {
            byte[] lines = "blah\n".repeat(1000).getBytes(StandardCharsets.US_ASCII);
            while (true) {
                socket.getOutputStream().write(lines);
            }
        };
        try (Listener listener = new Listener(0, talker)) {
            assertThatThrownBy(() -> connector.awaitBanner(Sshd.HOST, listener.port(), SHORT))
                    .isInstanceOf(LimaException.class)
                    .hasMessageContaining("\"blah\"");
        }
    }

    @Test
    void refusalSilenceAndHangUpAreToldApart() throws Exception {
        try (ReservedPort nobody = new ReservedPort()) {
            assertThatThrownBy(() -> connector.awaitBanner(Sshd.HOST, nobody.number(), SHORT))
                    .isInstanceOf(LimaException.class)
                    .hasMessageContaining("refused");
        }
        try (Listener listener = new Listener(0, BannerWatchTest::silent)) {
            assertThatThrownBy(() -> connector.awaitBanner(Sshd.HOST, listener.port(), SHORT))
                    .isInstanceOf(LimaException.class)
                    .hasMessageContaining("nothing was said");
        }
        try (Listener listener = new Listener(0, (socket, number) -> {})) {
            assertThatThrownBy(() -> connector.awaitBanner(Sshd.HOST, listener.port(), SHORT))
                    .isInstanceOf(LimaException.class)
                    .hasMessageContaining("ended by the other side");
        }
    }

    @Test
    void interruptEndsTheWait() throws Exception {
        try (Listener listener = new Listener(0, BannerWatchTest::silent)) {
            CompletableFuture<Throwable> result = new CompletableFuture<>();
            Thread waiter = Thread.ofVirtual().start(() -> {
                try {
                    connector.awaitBanner(Sshd.HOST, listener.port(), LONG);
                } catch (InterruptedException | RuntimeException e) {
                    result.complete(e);
                }
            });
            Eventually.holds("a try is made", LONG, () -> !listener.open.isEmpty());
            waiter.interrupt();
            assertThat(result.get(60, TimeUnit.SECONDS)).isInstanceOf(InterruptedException.class);
            Eventually.holds("all tries are closed", LONG, listener.open::isEmpty);
        }
    }

    private CompletableFuture<Void> waitInBackground(int port) {
        return CompletableFuture.runAsync(
                () -> {
                    try {
                        connector.awaitBanner(Sshd.HOST, port, LONG);
                    } catch (InterruptedException e) {
                        throw new UncheckedIOException(new java.io.InterruptedIOException());
                    }
                },
                task -> Thread.ofVirtual().start(task));
    }
}
