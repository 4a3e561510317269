// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.image;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import javax.net.ServerSocketFactory;

/** A web server on 127.0.0.1 that misbehaves as told; one request per connection. */
final class WebServer implements AutoCloseable {
    private final ServerSocket listener;
    private final String scheme;
    private final Map<String, Page> pages = new ConcurrentHashMap<>();
    private final List<Request> requests = new CopyOnWriteArrayList<>();
    private final List<Socket> connections = new CopyOnWriteArrayList<>();
    /** Opened when the test is over: what a page that says nothing more waits for. */
    private final CountDownLatch over = new CountDownLatch(1);

    WebServer() throws IOException {
        this("http", ServerSocketFactory.getDefault());
    }

    WebServer(String scheme, ServerSocketFactory sockets) throws IOException {
        this.scheme = scheme;
        this.listener = sockets.createServerSocket(0, 50, InetAddress.getLoopbackAddress());
        Thread.ofVirtual().start(this::accept);
    }

    int port() {
        return listener.getLocalPort();
    }

    String url(String path) {
        return scheme + "://localhost:" + port() + path;
    }

    WebServer on(String path, Page page) {
        pages.put(path, page);
        return this;
    }

    List<Request> requests() {
        return requests;
    }

    long count(String method) {
        return requests.stream().filter(r -> r.method().equals(method)).count();
    }

    private void accept() {
        try {
            while (true) {
                Socket connection = listener.accept();
                connections.add(connection);
                Thread.ofVirtual().start(() -> serve(connection));
            }
        } catch (IOException e) {
            // Closed.
        }
    }

    private void serve(Socket connection) {
        try (connection) {
            BufferedReader in =
                    new BufferedReader(new InputStreamReader(connection.getInputStream(), StandardCharsets.ISO_8859_1));
            String line = in.readLine();
            if (line == null) {
                return;
            }
            String[] words = line.split(" ");
            Map<String, String> headers = new TreeMap<>();
            for (String header = in.readLine(); header != null && !header.isEmpty(); header = in.readLine()) {
                int colon = header.indexOf(':');
                headers.put(
                        header.substring(0, colon).toLowerCase(Locale.ROOT),
                        header.substring(colon + 1).strip());
            }
            Request request = new Request(words[0], words[1], headers);
            requests.add(request);
            OutputStream out = connection.getOutputStream();
            pages.getOrDefault(words[1], (r, o) -> head(o, "404 Not Found", "Content-Length: 0"))
                    .serve(request, out);
            out.flush();
        } catch (IOException | InterruptedException e) {
            // The client has gone away.
        }
    }

    static void head(OutputStream out, String status, String... headers) throws IOException {
        StringBuilder text = new StringBuilder("HTTP/1.1 " + status + "\r\nConnection: close\r\n");
        for (String header : headers) {
            text.append(header).append("\r\n");
        }
        out.write(text.append("\r\n").toString().getBytes(StandardCharsets.ISO_8859_1));
    }

    /** A page that says no more until the test is over. */
    void silence() throws InterruptedException {
        over.await();
    }

    static Page redirect(String target) {
        return (request, out) -> head(out, "302 Found", "Location: " + target, "Content-Length: 0");
    }

    /** A file as a good server has it: HEAD, and Range guarded by If-Range. */
    static Page file(byte[] content, String... headers) {
        return (request, out) -> {
            String[] all = Arrays.copyOf(headers, headers.length + 2);
            int from = rangeStart(request);
            String guard = request.header("if-range");
            boolean same = Arrays.stream(headers).anyMatch(h -> h.endsWith(": " + guard));
            if (from > 0 && same) {
                all[headers.length] = "Content-Length: " + (content.length - from);
                all[headers.length + 1] =
                        "Content-Range: bytes %d-%d/%d".formatted(from, content.length - 1, content.length);
                head(out, "206 Partial Content", all);
                out.write(content, from, content.length - from);
                return;
            }
            all[headers.length] = "Content-Length: " + content.length;
            all[headers.length + 1] = "Accept-Ranges: bytes";
            head(out, "200 OK", all);
            if (!request.method().equals("HEAD")) {
                out.write(content);
            }
        };
    }

    /** The beginning of a file, and then the connection is closed. */
    static Page cut(byte[] content, int after, String... headers) {
        return (request, out) -> {
            String[] all = Arrays.copyOf(headers, headers.length + 1);
            all[headers.length] = "Content-Length: " + content.length;
            head(out, "200 OK", all);
            out.write(content, 0, after);
        };
    }

    static int rangeStart(Request request) {
        String range = request.header("range");
        return range.isEmpty() ? 0 : Integer.parseInt(range.replaceAll("bytes=(\\d+)-", "$1"));
    }

    @Override
    public void close() throws IOException {
        over.countDown();
        listener.close();
        for (Socket connection : connections) {
            connection.close();
        }
    }

    interface Page {
        void serve(Request request, OutputStream out) throws IOException, InterruptedException;
    }

    record Request(String method, String path, Map<String, String> headers) {
        String header(String name) {
            return headers.getOrDefault(name, "");
        }
    }
}
