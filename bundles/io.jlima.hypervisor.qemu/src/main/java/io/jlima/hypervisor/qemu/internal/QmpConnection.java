// SPDX-License-Identifier: Apache-2.0
package io.jlima.hypervisor.qemu.internal;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A connection to QEMU's monitor protocol (QMP specification, docs/interop/qmp-spec in QEMU's source). Thread-safe.
 *
 * <p>Only the connection's own threads touch the socket: an interrupt in the middle of a read or write would close it
 * for everybody.
 */
final class QmpConnection implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(QmpConnection.class);

    /** The longest known answers are some hundred kilobytes; what is longer is no QMP. */
    private static final int MOST_BYTES = 4 * 1024 * 1024;

    private static final String END = "";

    private final SocketChannel channel;
    private final Consumer<QmpEvent> events;
    private final AtomicLong lastId = new AtomicLong();
    private final Map<Long, CompletableFuture<Object>> waiting = new ConcurrentHashMap<>();
    private final BlockingQueue<String> outgoing = new LinkedBlockingQueue<>();
    private final CompletableFuture<Map<?, ?>> greeting = new CompletableFuture<>();
    private final CompletableFuture<Void> ended = new CompletableFuture<>();

    private QmpConnection(SocketChannel channel, Consumer<QmpEvent> events) {
        this.channel = channel;
        this.events = events;
    }

    /**
     * Connects and takes the greeting.
     *
     * @param events told each event, by the thread that reads: must not block
     * @throws IOException when nobody listens there
     * @throws QmpException when whoever listens does not talk QMP in time
     */
    static QmpConnection open(Path socket, Consumer<QmpEvent> events, Duration limit)
            throws IOException, InterruptedException {
        SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
        try {
            channel.connect(UnixDomainSocketAddress.of(socket));
        } catch (IOException e) {
            channel.close();
            throw e;
        }
        QmpConnection connection = new QmpConnection(channel, events);
        Thread.ofVirtual().name("qmp reader " + socket).start(connection::read);
        Thread.ofVirtual().name("qmp writer " + socket).start(connection::write);
        try {
            connection.await(connection.greeting, "greeting", limit);
            connection.execute("qmp_capabilities", Map.of(), limit);
            return connection;
        } catch (IOException | InterruptedException e) {
            connection.close();
            throw e;
        }
    }

    /**
     * Executes a command and returns what it returned.
     *
     * @throws QmpException when QEMU refuses it, does not answer in time, or goes away
     */
    Object execute(String command, Map<String, Object> arguments, Duration limit)
            throws QmpException, InterruptedException {
        long id = lastId.incrementAndGet();
        CompletableFuture<Object> answer = new CompletableFuture<>();
        waiting.put(id, answer);
        try {
            if (ended.isDone()) {
                throw new QmpException("QEMU has closed its monitor");
            }
            Map<String, Object> message = arguments.isEmpty()
                    ? Map.of("execute", command, "id", id)
                    : Map.of("execute", command, "arguments", arguments, "id", id);
            outgoing.add(Json.write(message) + "\n");
            return await(answer, command, limit);
        } finally {
            waiting.remove(id);
        }
    }

    /** Completes when the connection has ended, from whichever side; all events have been told by then. */
    CompletionStage<Void> ended() {
        return ended.minimalCompletionStage();
    }

    @Override
    public void close() {
        outgoing.add(END);
        try {
            channel.close();
        } catch (IOException e) {
            LOG.debug("closing the monitor connection", e);
        }
    }

    private <T> T await(CompletableFuture<T> future, String what, Duration limit)
            throws QmpException, InterruptedException {
        try {
            return future.get(limit.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            throw new QmpException("QEMU has not answered within " + limit.toMillis() + " ms: " + what, e);
        } catch (ExecutionException e) {
            Throwable cause = e.getCause() == null ? e : e.getCause();
            throw new QmpException(what + ": " + cause.getMessage(), cause);
        }
    }

    private void write() {
        try {
            for (String message = outgoing.take(); !message.equals(END); message = outgoing.take()) {
                ByteBuffer bytes = ByteBuffer.wrap(message.getBytes(StandardCharsets.UTF_8));
                while (bytes.hasRemaining()) {
                    channel.write(bytes);
                }
            }
        } catch (IOException e) {
            LOG.debug("the monitor connection ended while writing", e);
            close();
        } catch (InterruptedException e) {
            close();
        }
    }

    private void read() {
        QmpException end = new QmpException("QEMU has closed its monitor");
        try {
            readLines();
        } catch (IOException | RuntimeException e) {
            LOG.debug("the monitor connection ended", e);
            end = new QmpException("the monitor connection ended: " + e.getMessage(), e);
        }
        close();
        ended.complete(null);
        greeting.completeExceptionally(end);
        for (CompletableFuture<Object> answer : waiting.values()) {
            answer.completeExceptionally(end);
        }
    }

    private void readLines() throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(8 * 1024);
        int searched = 0;
        while (true) {
            if (!bytes.hasRemaining()) {
                if (bytes.capacity() >= MOST_BYTES) {
                    throw new QmpException("a message without end");
                }
                bytes = ByteBuffer.allocate(bytes.capacity() * 2).put(bytes.flip());
            }
            if (channel.read(bytes) < 0) {
                return;
            }
            int begin = 0;
            for (; searched < bytes.position(); searched++) {
                if (bytes.get(searched) == '\n') {
                    take(new String(bytes.array(), begin, searched - begin, StandardCharsets.UTF_8));
                    begin = searched + 1;
                }
            }
            bytes.flip().position(begin);
            bytes.compact();
            searched = bytes.position();
        }
    }

    private void take(String line) throws QmpException {
        if (line.isBlank()) {
            return;
        }
        Object value;
        try {
            value = Json.read(line);
        } catch (IllegalArgumentException e) {
            throw new QmpException(e.getMessage() == null ? "not JSON" : e.getMessage(), e);
        }
        Map<?, ?> message = Json.object(value);
        if (message.containsKey("QMP")) {
            greeting.complete(message);
        } else if (message.get("event") instanceof String name) {
            events.accept(new QmpEvent(name, message.get("data") instanceof Map<?, ?> data ? data : Map.of()));
        } else if (message.get("id") instanceof Long id) {
            CompletableFuture<Object> answer = waiting.remove(id);
            if (answer == null) {
                LOG.debug("an answer that nobody waits for: {}", id);
            } else if (message.get("error") instanceof Map<?, ?> error) {
                answer.completeExceptionally(new QmpException(Json.string(error, "desc")));
            } else {
                answer.complete(message.get("return") instanceof Object returned ? returned : Map.of());
            }
        }
    }
}
