// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.instance;

import java.io.IOException;
import java.io.OutputStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What other programs know an instance by while it runs: {@code ha.pid}, the HTTP API on {@code ha.sock}, and the JSON
 * lines of {@code ha.stdout.log}. Lima keeps a process for each instance behind these files; here it is the daemon.
 */
final class HostAgent implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(HostAgent.class);

    /** A request line with its headers; more is nobody's honest question. */
    private static final int LONGEST_REQUEST = 8192;

    private final InstanceFolder folder;
    private final int sshPort;
    private final ServerSocketChannel server;
    private final Thread acceptor;

    private HostAgent(InstanceFolder folder, int sshPort, ServerSocketChannel server) {
        this.folder = folder;
        this.sshPort = sshPort;
        this.server = server;
        this.acceptor = Thread.ofVirtual().name("ha-" + folder.name()).unstarted(this::accept);
    }

    /**
     * @param fresh whether this is a new start, whose event log begins empty
     */
    static HostAgent open(InstanceFolder folder, int sshPort, boolean fresh) throws IOException {
        if (fresh) {
            folder.write("ha.stdout.log", "", "rw-r--r--");
            folder.write("ha.stderr.log", "", "rw-r--r--");
        }
        folder.write("ha.pid", ProcessHandle.current().pid() + "\n", "rw-r--r--");
        Files.deleteIfExists(folder.file("ha.sock"));
        ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        try {
            server.bind(UnixDomainSocketAddress.of(folder.file("ha.sock")));
            Files.setPosixFilePermissions(folder.file("ha.sock"), PosixFilePermissions.fromString("rw-------"));
        } catch (IOException e) {
            server.close();
            folder.remove("ha.sock", "ha.pid");
            throw e;
        }
        HostAgent agent = new HostAgent(folder, sshPort, server);
        agent.acceptor.start();
        return agent;
    }

    int sshPort() {
        return sshPort;
    }

    private void accept() {
        while (server.isOpen()) {
            try {
                SocketChannel client = server.accept();
                Thread.ofVirtual().start(() -> answer(client));
            } catch (ClosedChannelException e) {
                return;
            } catch (IOException e) {
                LOG.warn("ha.sock of {} does not accept", folder.name(), e);
                return;
            }
        }
    }

    private void answer(SocketChannel client) {
        try (client) {
            String request = head(client);
            String[] words = request.split(" ", 3);
            String status = "200 OK";
            String body = "{\"sshLocalPort\":" + sshPort + "}";
            if (words.length < 3) {
                status = "400 Bad Request";
                body = "{\"message\":\"not an HTTP request\"}";
            } else if (!words[1].equals("/v1/info")) {
                status = "404 Not Found";
                body = "{\"message\":\"not found\"}";
            } else if (!words[0].equals("GET")) {
                status = "405 Method Not Allowed";
                body = "{\"message\":\"method not allowed\"}";
            }
            String response = "HTTP/1.1 " + status + "\r\nContent-Type: application/json\r\nContent-Length: "
                    + body.length() + "\r\nConnection: close\r\n\r\n" + body;
            client.write(StandardCharsets.US_ASCII.encode(response));
        } catch (IOException e) {
            LOG.debug("A client of ha.sock went away", e);
        }
    }

    /** Reads up to the empty line that ends the headers. */
    private static String head(SocketChannel client) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(LONGEST_REQUEST);
        while (buffer.hasRemaining() && client.read(buffer) >= 0) {
            String text = new String(buffer.array(), 0, buffer.position(), StandardCharsets.US_ASCII);
            if (text.contains("\r\n\r\n")) {
                return text.substring(0, text.indexOf("\r\n"));
            }
        }
        return "";
    }

    /** Appends one event, with the members and names that readers of Lima's event log know. */
    void event(boolean running, boolean exiting, List<String> errors) {
        StringBuilder status = new StringBuilder("{\"sshLocalPort\":").append(sshPort);
        if (running) {
            status.append(",\"running\":true");
        }
        if (!errors.isEmpty()) {
            status.append(",\"degraded\":true,\"errors\":[");
            for (int i = 0; i < errors.size(); i++) {
                status.append(i == 0 ? "" : ",").append(quote(errors.get(i)));
            }
            status.append(']');
        }
        if (exiting) {
            status.append(",\"exiting\":true");
        }
        append("ha.stdout.log", "{\"time\":\"" + Instant.now() + "\",\"status\":" + status + "}}\n");
    }

    /** Appends an event about one thing; {@code json} is an object in one line. */
    void event(String member, String json) {
        append(
                "ha.stdout.log",
                "{\"time\":\"" + Instant.now() + "\",\"status\":{\"running\":true,\"sshLocalPort\":" + sshPort + ","
                        + quote(member) + ":" + json + "}}\n");
    }

    /** Appends a line for people to the instance's log. */
    void log(String level, String message) {
        append(
                "ha.stderr.log",
                "{\"level\":\"" + level + "\",\"msg\":" + quote(message) + ",\"time\":\"" + Instant.now() + "\"}\n");
    }

    private void append(String fileName, String line) {
        try (OutputStream out =
                Files.newOutputStream(folder.file(fileName), StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
            out.write(line.getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            // A full disk must not end what the log is about.
            LOG.warn("Cannot write to {} of {}: {}", fileName, folder.name(), e.toString());
        }
    }

    private static String quote(@Nullable String text) {
        StringBuilder out = new StringBuilder("\"");
        String content = text == null ? "" : text;
        for (int i = 0; i < content.length(); i++) {
            char c = content.charAt(i);
            if (c == '"' || c == '\\') {
                out.append('\\').append(c);
            } else if (c < 0x20) {
                out.append(String.format("\\u%04x", (int) c));
            } else {
                out.append(c);
            }
        }
        return out.append('"').toString();
    }

    /** Leaves the files as they are: the machine runs on, and the next daemon takes them over. */
    void release() {
        try {
            server.close();
        } catch (IOException e) {
            LOG.debug("ha.sock does not close", e);
        }
        try {
            // A socket in accept is closed by the thread that waits there: until then, callers queue up in vain.
            acceptor.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** The instance has stopped: nothing may look as if it ran. */
    @Override
    public void close() {
        release();
        folder.remove("ha.sock", "ha.pid");
    }
}
