// SPDX-License-Identifier: Apache-2.0
package io.jlima.itests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** What is true of connections to forwarded ports of {@link GuestServers}, whoever carries them. */
final class ForwardedConnections {
    private static final int HUGE = 32 * 1024 * 1024;

    private ForwardedConnections() {}

    static Socket connect(int port) throws IOException {
        Socket socket = new Socket("127.0.0.1", port);
        socket.setSoTimeout(60_000);
        return socket;
    }

    static void allArrivesAndTheOtherHalfGoesOn(int port) throws IOException {
        byte[] data = new byte[HUGE];
        new Random(9).nextBytes(data);
        try (Socket socket = connect(port)) {
            // The sum comes when our half has ended, so it shows both the half-close and that all has arrived.
            socket.getOutputStream().write(data);
            socket.shutdownOutput();
            String sum = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(sum).startsWith(sha256(data));
        }
    }

    static void bothSidesBreakConnections(String transport) throws IOException {
        try (Socket socket = connect(GuestServers.RESET)) {
            assertThat(endsOrBreaks(socket.getInputStream())).isTrue();
        }
        GuestServers.order("rm -f " + GuestServers.TOLD);
        try (Socket socket = connect(GuestServers.TELL)) {
            socket.getOutputStream().write('x');
            assertThat(socket.getInputStream().read()).isEqualTo('x');
            socket.setSoLinger(true, 0);
        }
        // A channel of ssh has no break; it ends.
        String expected = transport.equals("ssh") ? "end" : "break";
        Home.eventually(
                "the guest hears of a break by " + transport,
                () -> ordered("cat " + GuestServers.TOLD + " 2>&1").equals(expected));
    }

    static String ordered(String words) {
        try {
            return GuestServers.order(words);
        } catch (IOException e) {
            return e.toString();
        }
    }

    private static boolean endsOrBreaks(InputStream in) {
        try {
            return in.read() < 0;
        } catch (java.net.SocketTimeoutException e) {
            return false;
        } catch (IOException e) {
            return true;
        }
    }

    static void whoReadsSlowlyHoldsUpNobodyElse() throws Exception {
        try (Socket slow = connect(GuestServers.SOURCE);
                Socket other = connect(GuestServers.ECHO)) {
            echo(other, 30);
            assertThat(sha256(slow.getInputStream().readAllBytes())).isEqualTo(sha256(GuestServers.source()));
        }
        GuestServers.order("rm -f " + GuestServers.GO);
        byte[] data = GuestServers.source();
        try (Socket unread = connect(GuestServers.LAZY);
                Socket other = connect(GuestServers.ECHO)) {
            CompletableFuture<Void> sending = CompletableFuture.runAsync(
                    () -> {
                        try {
                            unread.getOutputStream().write(data);
                            unread.shutdownOutput();
                        } catch (IOException e) {
                            throw new java.io.UncheckedIOException(e);
                        }
                    },
                    Thread::startVirtualThread);
            echo(other, 30);
            GuestServers.order("touch " + GuestServers.GO);
            assertThat(new String(unread.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                    .startsWith(sha256(data));
            sending.get(60, TimeUnit.SECONDS);
        }
    }

    static void whoWritesSlowlyIsAnsweredEachTime() throws IOException {
        try (Socket socket = connect(GuestServers.ECHO)) {
            echo(socket, 100);
            socket.shutdownOutput();
            assertThat(socket.getInputStream().read()).isEqualTo(-1);
        }
    }

    static void echo(Socket socket, int times) throws IOException {
        for (int i = 0; i < times; i++) {
            socket.getOutputStream().write(i);
            assertThat(socket.getInputStream().read()).isEqualTo(i);
        }
    }

    /** What a port says until it closes; empty when it does not answer. */
    static String said(int port) {
        try (Socket socket = connect(port)) {
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            return "";
        }
    }

    private static String sha256(byte[] data) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(data));
        } catch (java.security.NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
