// SPDX-License-Identifier: Apache-2.0

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;

/**
 * Finds out when a guest's sshd first greets, with a try every 50 ms: {@code java Prober.java PORT}. A try that was made
 * before the guest listens is lost, because QEMU's network repeats it only after seconds, so each one is given up after
 * a second. Prints a word when it begins, and then the time of the first greeting, in milliseconds since 1970.
 */
public final class Prober {
    private static final int BANNER_LIMIT_MILLIS = 1000;
    private static final long PAUSE_NANOS = 50_000_000L;

    private Prober() {}

    public static void main(String[] args) {
        int port = Integer.parseInt(args[0]);
        CompletableFuture<Long> greeted = new CompletableFuture<>();
        System.out.println("probing");
        while (!greeted.isDone()) {
            Thread.ofVirtual().start(() -> probe(port, greeted));
            LockSupport.parkNanos(PAUSE_NANOS);
        }
        System.out.println(greeted.join());
    }

    private static void probe(int port, CompletableFuture<Long> greeted) {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), BANNER_LIMIT_MILLIS);
            socket.setSoTimeout(BANNER_LIMIT_MILLIS);
            if (socket.getInputStream().read() == 'S') {
                greeted.complete(System.currentTimeMillis());
            }
        } catch (IOException e) {
            // Nobody listens yet, or the try came too early: the next one follows.
            greeted.isDone();
        }
    }
}
