// SPDX-License-Identifier: Apache-2.0
package io.jlima.guestagent.internal;

import io.jlima.api.guest.AgentSession;
import io.jlima.api.guest.GuestAddress;
import io.jlima.api.guest.GuestStream;
import io.jlima.api.machine.Machine;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The agent of one guest, over as many connections as it takes. */
final class GuestSession implements AgentSession, Link.Told {
    private static final Logger LOG = LoggerFactory.getLogger(GuestSession.class);
    private static final Duration FIRST_PAUSE = Duration.ofMillis(50);
    private static final Duration LAST_PAUSE = Duration.ofSeconds(10);

    /** A link that has lasted so long was a good one, and the next may be tried at once. */
    private static final Duration GOOD = Duration.ofSeconds(2);

    private static final int CLOCK_TOLERANCE_MS = 100;

    private final String name;
    private final Connector connector;
    private final Consumer<String> log;
    private final GuestState state;
    private final CompletableFuture<Void> met = new CompletableFuture<>();
    private final Set<Registration> registrations = ConcurrentHashMap.newKeySet();
    private final Thread thread;
    private volatile @Nullable Link link;
    private volatile @Nullable ByteChannel channel;
    private volatile boolean synced;
    private volatile boolean closed;
    private @Nullable String lastRemark;

    /** Makes connections to the machine. */
    @FunctionalInterface
    interface Connector {
        ByteChannel connect() throws IOException;
    }

    /**
     * @param name of the guest, for messages
     * @param log lines for people
     */
    GuestSession(String name, Connector connector, Consumer<String> log) {
        this.name = name;
        this.connector = connector;
        this.log = log;
        this.state = new GuestState("agent of " + name);
        this.thread = Thread.ofVirtual().name("agent of " + name).start(this::run);
    }

    private void run() {
        long pause = FIRST_PAUSE.toNanos();
        while (!closed) {
            long begun = 0;
            try (ByteChannel fresh = connector.connect()) {
                channel = fresh;
                if (closed) {
                    return;
                }
                Link candidate = new Link("agent of " + name, fresh, this);
                candidate.meet();
                begun = System.nanoTime();
                serve(candidate);
            } catch (AgentBegan e) {
                LOG.debug("{}: the session is over", name, e);
                log.accept("the guest's agent has begun anew");
            } catch (IOException | RuntimeException e) {
                if (!closed) {
                    LOG.debug("{}: the agent's connection is over", name, e);
                    if (e instanceof ProtocolException || e instanceof RuntimeException) {
                        LOG.warn("{}: {}", name, e.toString());
                    }
                }
            } finally {
                link = null;
                synced = false;
                state.lost();
            }
            if (begun != 0 && System.nanoTime() - begun > GOOD.toNanos()) {
                pause = FIRST_PAUSE.toNanos();
            }
            if (!closed) {
                LockSupport.parkNanos(pause);
                pause = Math.min(2 * pause, LAST_PAUSE.toNanos());
            }
        }
    }

    private void serve(Link fresh) throws IOException {
        link = fresh;
        Thread.ofVirtual().name("agent of " + name + " begins").start(() -> greet(fresh));
        fresh.run();
    }

    /** What every new link is told first; the reader must not wait for that. */
    private void greet(Link fresh) {
        try {
            setClock(fresh, Instant.now());
            for (Registration registration : registrations) {
                registration.renew(fresh);
            }
        } catch (IOException e) {
            LOG.debug("{}: the agent went before it was told all", name, e);
        }
    }

    // --- told by the link

    @Override
    public void port(GuestAddress address, boolean present) throws ProtocolException {
        state.port(address, present);
    }

    @Override
    public void synced() {
        synced = true;
        state.synced();
        met.complete(null);
    }

    @Override
    public void stage(String word) throws ProtocolException {
        state.stage(word);
    }

    @Override
    public void clocked(long driftNanos, boolean set, int error) {
        long millis = driftNanos / 1_000_000;
        if (set) {
            log.accept("the guest's clock was " + Math.abs(millis) + " ms " + (millis < 0 ? "behind" : "ahead")
                    + " and is set");
        } else if (error != 0) {
            LOG.warn("{}: the guest's clock is off by {} ms and cannot be set (errno {})", name, millis, error);
        }
    }

    @Override
    public void remark(String words) {
        if (!words.equals(lastRemark)) {
            lastRemark = words;
            log.accept("guest agent: " + words);
        }
    }

    // --- asked by others

    @Override
    public CompletionStage<Void> met() {
        return met.minimalCompletionStage();
    }

    @Override
    public boolean isConnected() {
        return synced;
    }

    @Override
    public AutoCloseable watch(Listener listener) {
        return state.watch(listener);
    }

    private Link connected() throws IOException {
        Link current = link;
        if (current == null) {
            throw new IOException("the guest's agent is not connected");
        }
        return current;
    }

    @Override
    public GuestStream open(GuestAddress target) throws IOException {
        return connected().open(target);
    }

    @Override
    public AutoCloseable listen(GuestAddress address, Acceptor acceptor) throws IOException {
        Registration registration = new Registration(address, acceptor);
        registrations.add(registration);
        Link current = link;
        if (current != null) {
            try {
                registration.begin(current);
            } catch (IOException e) {
                // On a link that has ended meanwhile nothing was refused: the next one is asked again.
                if (!current.isOver()) {
                    registrations.remove(registration);
                    throw e;
                }
            }
        }
        return registration;
    }

    @Override
    public void setClock(Instant now) throws IOException {
        setClock(connected(), now);
    }

    private static void setClock(Link to, Instant now) throws IOException {
        byte[] body = ByteBuffer.allocate(16)
                .putLong(now.getEpochSecond())
                .putInt(now.getNano())
                .putInt(CLOCK_TOLERANCE_MS)
                .array();
        to.write(Wire.CLOCK, 0, body, 0, body.length);
    }

    /** Sets the clock to the host's, if the agent is there. */
    void keepTime() {
        Link current = link;
        if (current != null) {
            try {
                setClock(current, Instant.now());
            } catch (IOException e) {
                LOG.debug("{}: the agent went before its clock was set", name, e);
            }
        }
    }

    @Override
    public void touched(List<FileEvent> events) throws IOException {
        Link current = connected();
        for (FileEvent event : events) {
            byte[] body = Wire.touch(event);
            current.write(Wire.TOUCH, 0, body, 0, body.length);
        }
    }

    @Override
    public void happened(Machine.Event event) {
        if (event instanceof Machine.Resumed) {
            // Its clock stood still meanwhile.
            Thread.ofVirtual().name("agent of " + name + " resumes").start(this::keepTime);
        }
    }

    boolean isClosed() {
        return closed;
    }

    @Override
    public void close() {
        closed = true;
        thread.interrupt();
        try {
            ByteChannel current = channel;
            if (current != null) {
                current.close();
            }
        } catch (IOException e) {
            LOG.debug("{}: the agent's channel cannot be closed", name, e);
        }
        state.close();
    }

    /** A wish to listen in the guest, whoever the agent is. */
    private final class Registration implements AutoCloseable {
        private final GuestAddress address;
        private final Acceptor acceptor;
        private @Nullable Link on;
        private int id;
        private boolean over;

        Registration(GuestAddress address, Acceptor acceptor) {
            this.address = address;
            this.acceptor = acceptor;
        }

        /** Asks this link, unless it was asked already. */
        synchronized void begin(Link asked) throws IOException {
            if (on != asked && !over) {
                id = asked.listen(address, this::accept);
                on = asked;
            }
        }

        /** Asks until there is an answer: a machine that is paused just now gives it when it goes on. */
        void renew(Link asked) {
            while (!asked.isOver()) {
                try {
                    begin(asked);
                    return;
                } catch (SocketTimeoutException e) {
                    LOG.debug("{}: asked again to listen at {}", name, address, e);
                } catch (IOException e) {
                    if (!asked.isOver()) {
                        log.accept("the guest cannot listen at " + address + " again: " + e.getMessage());
                    }
                    return;
                }
            }
        }

        private void accept(LinkStream stream) {
            Thread.ofVirtual().name("agent of " + name + " " + address).start(() -> {
                try {
                    acceptor.accept(stream);
                } catch (IOException | RuntimeException e) {
                    LOG.debug("{}: a connection to {} of the guest is over", name, address, e);
                    stream.close();
                }
            });
        }

        @Override
        public synchronized void close() {
            registrations.remove(this);
            over = true;
            if (on != null) {
                on.unlisten(id);
            }
        }
    }
}
