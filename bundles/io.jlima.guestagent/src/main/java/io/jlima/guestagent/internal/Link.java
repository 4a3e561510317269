// SPDX-License-Identifier: Apache-2.0
package io.jlima.guestagent.internal;

import io.jlima.api.guest.GuestAddress;
import io.jlima.api.guest.GuestAddress.Protocol;
import io.jlima.guestagent.internal.FrameReader.Frame;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * One session with the agent over one connection. Everything in it ends with it. What a guest may have us keep is
 * bounded: streams by number, their data by windows, all else by a rate.
 */
final class Link {
    private static final Duration ANSWER = Duration.ofSeconds(15);
    private static final int MOST_STREAMS = 8192;
    private static final int WINDOW_BUDGET = 8 << 20;
    private static final int LEAST_WINDOW = 16 << 10;
    private static final int MOST_WINDOW = 256 << 10;
    private static final int LISTENER_WINDOW = 32 << 10;
    private static final int MOST_ACCEPTED = 2048;
    private static final int LONGEST_WORDS = 300;
    private static final SecureRandom RANDOM = new SecureRandom();

    private final ByteChannel channel;
    private final FrameReader reader;
    private final FrameWriter writer;
    private final Told told;
    private final String name;
    private final Map<Integer, LinkStream> streams = new ConcurrentHashMap<>();
    private final Map<Integer, CompletableFuture<Integer>> asked = new ConcurrentHashMap<>();
    private final Map<Integer, Acceptance> listeners = new ConcurrentHashMap<>();
    private final AtomicInteger nextId = new AtomicInteger(1);
    private final AtomicInteger accepted = new AtomicInteger();
    private final Rate rate = new Rate();
    private volatile boolean over;

    /** Hears what the agent has to say; called by the link's reader, and must not wait. */
    interface Told {
        void port(GuestAddress address, boolean present) throws ProtocolException;

        void synced();

        void stage(String word) throws ProtocolException;

        void clocked(long driftNanos, boolean set, int error);

        void remark(String words);
    }

    /** Takes streams that a listener has accepted. */
    private record Acceptance(boolean datagrams, int window, java.util.function.Consumer<LinkStream> acceptor) {}

    Link(String name, ByteChannel channel, Told told) {
        this.name = name;
        this.channel = channel;
        this.told = told;
        this.reader = new FrameReader(channel);
        this.writer = new FrameWriter(channel);
    }

    /** Waits until an agent answers, for as long as it takes. */
    void meet() throws IOException {
        long nonce = reader.awaitAnswer(hello(), this::hello);
        writer.begin(nonce);
    }

    private long hello() throws IOException {
        long nonce = RANDOM.nextLong();
        writer.hello(nonce);
        return nonce;
    }

    /** Serves the link until it ends, which it does by an exception. */
    void run() throws IOException {
        Thread posts = Thread.ofVirtual().name(name + " posts").start(writer::run);
        String why = "the connection to the guest's agent was lost";
        try {
            while (true) {
                take(reader.next());
            }
        } finally {
            over = true;
            posts.interrupt();
            channel.close();
            streams.values().forEach(stream -> stream.fail(why));
            streams.clear();
            asked.values().forEach(answer -> answer.completeExceptionally(new IOException(why)));
            asked.clear();
            listeners.clear();
        }
    }

    private void take(Frame frame) throws IOException {
        ByteBuffer body = frame.body();
        switch (frame.type()) {
            case Wire.DATA -> data(frame);
            case Wire.CREDIT -> {
                LinkStream stream = streams.get(frame.id());
                if (stream != null && body.remaining() == 4) {
                    stream.credit(body.getInt());
                } else {
                    spare(1);
                }
            }
            case Wire.FIN -> {
                LinkStream stream = streams.get(frame.id());
                if (stream != null) {
                    stream.end();
                } else {
                    spare(1);
                }
            }
            case Wire.RESET -> reset(frame.id(), words(body));
            case Wire.OPENED -> opened(frame.id(), body);
            case Wire.LISTENING -> {
                CompletableFuture<Integer> answer = asked.remove(frame.id());
                if (answer != null) {
                    answer.complete(0);
                }
                spare(1);
            }
            case Wire.ACCEPTED -> accepted(frame.id(), body);
            case Wire.PORTS -> ports(body);
            case Wire.SYNCED -> {
                spare(1);
                told.synced();
            }
            case Wire.STAGE -> {
                spare(100);
                told.stage(words(body));
            }
            case Wire.PONG -> spare(1);
            case Wire.CLOCKED -> {
                spare(1);
                if (body.remaining() == 13) {
                    told.clocked(body.getLong(), body.get() != 0, body.getInt());
                }
            }
            case Wire.REMARK -> {
                spare(1000);
                told.remark(words(body));
            }
            default -> throw new ProtocolException("a frame of type " + frame.type());
        }
    }

    /** Something that asks nothing of a well-behaved agent's rate. */
    private void spare(int cost) throws ProtocolException {
        if (!rate.spend(cost)) {
            throw new ProtocolException("messages without end");
        }
    }

    private static String words(ByteBuffer body) {
        byte[] bytes = new byte[Math.min(body.remaining(), LONGEST_WORDS)];
        body.get(bytes);
        return new String(bytes, StandardCharsets.UTF_8).replaceAll("\\p{Cntrl}", "?");
    }

    private void data(Frame frame) throws IOException {
        LinkStream stream = streams.get(frame.id());
        if (stream == null) {
            // It was closed here, and the guest has not heard of that yet.
            spare(1 + frame.body().remaining() / Wire.PIECE);
            return;
        }
        byte[] piece = new byte[frame.body().remaining()];
        frame.body().get(piece);
        stream.data(piece);
    }

    private void reset(int id, String why) throws ProtocolException {
        CompletableFuture<Integer> answer = asked.remove(id);
        LinkStream stream = streams.get(id);
        forget(id);
        if (answer != null) {
            answer.completeExceptionally(new IOException(why.isEmpty() ? "refused by the guest" : why));
        } else if (stream != null) {
            stream.fail(why.isEmpty() ? "reset by the guest" : why);
        } else {
            spare(1);
        }
    }

    private void opened(int id, ByteBuffer body) throws ProtocolException {
        CompletableFuture<Integer> answer = asked.remove(id);
        LinkStream stream = streams.get(id);
        if (body.remaining() != 4) {
            throw new ProtocolException("an answer of " + body.remaining() + " bytes");
        }
        if (answer != null && stream != null) {
            stream.credit(body.getInt());
            answer.complete(0);
        } else {
            spare(1);
        }
    }

    private void accepted(int id, ByteBuffer body) throws ProtocolException {
        if (body.remaining() < 8 || (id & 1) != 0 || streams.containsKey(id)) {
            throw new ProtocolException("a connection that cannot be");
        }
        Acceptance acceptance = listeners.get(body.getInt());
        if (acceptance == null) {
            // The listener was closed here meanwhile.
            spare(1);
            post(Wire.RESET, id, new byte[0]);
            return;
        }
        if (accepted.get() >= MOST_ACCEPTED) {
            post(Wire.RESET, id, new byte[0]);
            return;
        }
        LinkStream stream = new LinkStream(this, id, acceptance.datagrams(), acceptance.window(), 0);
        stream.credit(body.getInt());
        streams.put(id, stream);
        accepted.incrementAndGet();
        acceptance.acceptor().accept(stream);
    }

    private void ports(ByteBuffer body) throws ProtocolException {
        spare(1);
        while (body.remaining() >= Wire.PORT_ENTRY) {
            spare(1);
            boolean present = body.get() != 0;
            told.port(Wire.portEntry(body), present);
        }
        if (body.hasRemaining()) {
            throw new ProtocolException("half an address");
        }
    }

    // --- asked by others

    LinkStream open(GuestAddress target) throws IOException {
        boolean datagrams = target.protocol() == Protocol.UDP;
        byte[] address = Wire.address(target);
        int id = nextId.getAndAdd(2);
        int window = datagrams ? MOST_WINDOW : window();
        LinkStream stream = new LinkStream(this, id, datagrams, window, 0);
        if (streams.size() >= MOST_STREAMS) {
            throw new IOException("there are " + MOST_STREAMS + " connections to the guest already");
        }
        streams.put(id, stream);
        try {
            ask(id, Wire.OPEN, window, address);
        } catch (IOException e) {
            stream.close();
            throw e;
        }
        return stream;
    }

    /**
     * Has the guest listen; streams go to the acceptor, which is called by the reader and must not wait.
     *
     * @throws SocketTimeoutException when the agent says nothing, as in a machine that is paused
     */
    int listen(GuestAddress where, java.util.function.Consumer<LinkStream> acceptor) throws IOException {
        byte[] address = Wire.address(where);
        int id = nextId.getAndAdd(2);
        boolean datagrams = where.protocol() == Protocol.UDP;
        int window = datagrams ? MOST_WINDOW : LISTENER_WINDOW;
        listeners.put(id, new Acceptance(datagrams, window, acceptor));
        try {
            ask(id, Wire.LISTEN, window, address);
        } catch (IOException e) {
            unlisten(id);
            throw e;
        }
        return id;
    }

    void unlisten(int id) {
        if (listeners.remove(id) != null) {
            post(Wire.UNLISTEN, id, new byte[0]);
        }
    }

    private int window() {
        return Math.clamp(WINDOW_BUDGET / (streams.size() + 1), LEAST_WINDOW, MOST_WINDOW);
    }

    private void ask(int id, int type, int window, byte[] address) throws IOException {
        CompletableFuture<Integer> answer = new CompletableFuture<>();
        asked.put(id, answer);
        byte[] body = ByteBuffer.allocate(4 + address.length)
                .putInt(window)
                .put(address)
                .array();
        try {
            write(type, id, body, 0, body.length);
            if (over) {
                throw new IOException("the connection to the guest's agent was lost");
            }
            answer.get(ANSWER.toNanos(), TimeUnit.NANOSECONDS);
        } catch (ExecutionException e) {
            throw new IOException(
                    e.getCause() == null ? "refused" : e.getCause().getMessage(), e.getCause());
        } catch (TimeoutException e) {
            SocketTimeoutException late =
                    new SocketTimeoutException("the guest's agent does not answer within " + ANSWER.toSeconds() + " s");
            late.initCause(e);
            throw late;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while the guest's agent was asked");
        } finally {
            asked.remove(id);
        }
    }

    void write(int type, int id, byte[] body, int offset, int length) throws IOException {
        try {
            writer.write(type, id, body, offset, length);
        } catch (IOException e) {
            throw new IOException("the connection to the guest's agent was lost", e);
        }
    }

    void post(int type, int id, byte[] body) {
        if (!over) {
            writer.post(type, id, body);
        }
    }

    void forget(int id) {
        if (streams.remove(id) != null && (id & 1) == 0) {
            accepted.decrementAndGet();
        }
    }

    int streamCount() {
        return streams.size();
    }

    /** Whether nothing more comes of it. */
    boolean isOver() {
        return over;
    }

    /** Ends the link; its reader sees to the rest. */
    void close() throws IOException {
        channel.close();
    }
}
