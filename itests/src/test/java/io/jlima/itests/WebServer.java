// SPDX-License-Identifier: Apache-2.0
package io.jlima.itests;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** A web server of one file, which may stall in the middle of it. */
final class WebServer implements AutoCloseable {
    /** What HttpServer takes for the length of an answer whose length it is not to tell. */
    private static final long UNTOLD = 0;

    private final HttpServer server;
    private final long length;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final List<String> asked = new CopyOnWriteArrayList<>();
    private final CountDownLatch first = new CountDownLatch(1);
    private final CountDownLatch hungUp = new CountDownLatch(1);
    private volatile boolean closed;
    private volatile boolean stalls;

    private WebServer(byte[] content, boolean stalls, long length) throws IOException {
        this.stalls = stalls;
        this.length = length;
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> answer(exchange, content));
        server.setExecutor(threads);
        server.start();
    }

    static WebServer serving(byte[] content) throws IOException {
        return new WebServer(content, false, content.length);
    }

    /** Does not say how much is to come. */
    static WebServer servingWithoutLength(byte[] content) throws IOException {
        return new WebServer(content, false, UNTOLD);
    }

    /** Promises 64 MiB, sends this much and then a byte now and then. */
    static WebServer stallingAfter(int bytes) throws IOException {
        return new WebServer(new byte[bytes], true, bytes);
    }

    private void answer(HttpExchange exchange, byte[] content) throws IOException {
        boolean stall = stalls;
        asked.add(exchange.getRequestURI().toString());
        boolean head = exchange.getRequestMethod().equals("HEAD");
        exchange.sendResponseHeaders(200, head ? -1 : stall ? 64L << 20 : length);
        if (head) {
            exchange.close();
            return;
        }
        try (OutputStream body = exchange.getResponseBody()) {
            body.write(content);
            body.flush();
            first.countDown();
            while (stall && !closed) {
                body.write(0);
                body.flush();
                LockSupport.parkNanos(50_000_000L);
            }
        } catch (IOException e) {
            hungUp.countDown();
        }
    }

    int port() {
        return server.getAddress().getPort();
    }

    String address(String file) {
        return "http://127.0.0.1:" + port() + "/" + file;
    }

    /** What was asked for, as it stood in the request. */
    List<String> asked() {
        return asked;
    }

    void awaitAsked() {
        try {
            if (!first.await(30, TimeUnit.SECONDS)) {
                throw new AssertionError("nobody asks");
            }
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** From now on the file is served whole. */
    void goesOn() {
        stalls = false;
    }

    /** Whether a client has hung up in the middle. */
    boolean hangsUp() {
        return hungUp.getCount() == 0;
    }

    @Override
    public void close() {
        closed = true;
        server.stop(0);
        threads.shutdownNow();
    }
}
