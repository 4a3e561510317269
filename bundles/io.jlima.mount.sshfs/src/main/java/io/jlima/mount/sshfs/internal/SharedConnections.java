// SPDX-License-Identifier: Apache-2.0
package io.jlima.mount.sshfs.internal;

import io.jlima.api.LimaException;
import io.jlima.api.guest.Guest;
import io.jlima.api.ssh.SshConnection;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Connections that mounts share. A log-in takes an emulated guest a second, so none is waited for that can be avoided:
 * what comes back after the daemon or all connections are lost goes by the connection that everybody waits for, and
 * when nothing else is to be done one more connection is made, for what loses its own.
 */
final class SharedConnections implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(SharedConnections.class);

    /** sshd takes ten sessions on a connection unless it is told otherwise, MaxSessions in sshd_config(5). */
    private static final int MOST_MOUNTS = 8;

    /** The kept connection is for shells and commands first. */
    private static final int MOST_ON_KEPT = 2;

    private final Guest guest;
    private final ReentrantLock lock = new ReentrantLock();

    /** Held while somebody logs in; taken before {@link #lock}, which nobody holds for long. */
    private final ReentrantLock loggingIn = new ReentrantLock();

    private final List<Counted> own = new ArrayList<>();
    private @Nullable Counted kept;

    /** Mounts that wait for a connection, or for what comes of their beginning. */
    private final AtomicInteger underWay = new AtomicInteger();

    private volatile @Nullable Thread preparing;
    private volatile boolean closed;

    private static final class Counted {
        final SshConnection connection;
        final int most;
        volatile boolean refuses;
        final AtomicInteger mounts = new AtomicInteger();

        Counted(SshConnection connection, int most) {
            this.connection = connection;
            this.most = most;
        }

        boolean hasRoom() {
            return !refuses && mounts.get() < most && connection.isOpen();
        }
    }

    /** What one mount takes of a connection, from before it begins until it has ended. */
    final class Place implements AutoCloseable {
        private final Counted counted;
        private final AtomicBoolean arrived = new AtomicBoolean();
        private final AtomicBoolean left = new AtomicBoolean();

        private Place(Counted counted) {
            this.counted = counted;
        }

        SshConnection connection() {
            return counted.connection;
        }

        /** To be called when it is known what has come of the mount's beginning. */
        void arrive() {
            if (!arrived.getAndSet(true) && underWay.decrementAndGet() == 0) {
                prepare();
            }
        }

        /** The guest has begun nothing on this connection: the next one who comes is not to try there again. */
        void refused() {
            counted.refuses = true;
            close();
            if (counted.most == MOST_MOUNTS && counted.mounts.get() == 0) {
                counted.connection.close();
            }
        }

        @Override
        public void close() {
            if (!left.getAndSet(true)) {
                counted.mounts.decrementAndGet();
            }
            arrive();
        }
    }

    SharedConnections(Guest guest) {
        this.guest = guest;
    }

    /**
     * A place on a connection with room. Blocks until there is one.
     *
     * @throws LimaException when the guest cannot be reached
     */
    Place take() throws InterruptedException {
        try {
            guest.up().toCompletableFuture().get();
        } catch (ExecutionException e) {
            throw new IllegalStateException("Being up is never an error", e);
        }
        underWay.incrementAndGet();
        Place place = null;
        try {
            place = place();
            return place;
        } finally {
            if (place == null) {
                underWay.decrementAndGet();
            }
        }
    }

    private Place place() throws InterruptedException {
        Place found = find(null);
        if (found != null) {
            return found;
        }
        found = find(guest.connection());
        if (found != null) {
            return found;
        }
        // All who need a new one wait for the same.
        loggingIn.lockInterruptibly();
        try {
            found = find(null);
            return found != null ? found : new Place(oneMore(1));
        } finally {
            loggingIn.unlock();
        }
    }

    /** @param now the kept connection, if that is known */
    private @Nullable Place find(@Nullable SshConnection now) {
        lock.lock();
        try {
            own.removeIf(c -> !c.connection.isOpen());
            if (now != null && (kept == null || kept.connection != now)) {
                kept = new Counted(now, MOST_ON_KEPT);
            }
            Counted counted = own.stream().filter(Counted::hasRoom).findFirst().orElse(kept);
            if (counted == null || !counted.hasRoom()) {
                return null;
            }
            counted.mounts.incrementAndGet();
            return new Place(counted);
        } finally {
            lock.unlock();
        }
    }

    /** To be called by one at a time. */
    private Counted oneMore(int mounts) throws InterruptedException {
        Counted fresh = new Counted(guest.ownConnection(), MOST_MOUNTS);
        fresh.mounts.set(mounts);
        lock.lock();
        try {
            own.add(fresh);
            if (closed) {
                fresh.connection.close();
            }
        } finally {
            lock.unlock();
        }
        return fresh;
    }

    /** Sees to it, in the background, that there is a connection for whoever loses the one it is on. */
    private void prepare() {
        if (!closed) {
            Thread thread = Thread.ofVirtual().name("sshfs-spare").unstarted(this::makeSpare);
            preparing = thread;
            thread.start();
        }
    }

    /** Who makes the latest spare one; for tests. */
    @Nullable
    Thread preparing() {
        return preparing;
    }

    private void makeSpare() {
        try {
            loggingIn.lockInterruptibly();
            try {
                if (!closed && underWay.get() == 0 && !hasSpare()) {
                    oneMore(0);
                }
            } finally {
                loggingIn.unlock();
            }
        } catch (InterruptedException | LimaException e) {
            LOG.debug("{}: no spare connection for its mounts", guest.name(), e);
        }
    }

    private boolean hasSpare() {
        lock.lock();
        try {
            return own.stream().anyMatch(c -> c.mounts.get() == 0 && c.hasRoom());
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() {
        closed = true;
        Thread thread = preparing;
        if (thread != null) {
            thread.interrupt();
        }
        lock.lock();
        try {
            own.forEach(c -> c.connection.close());
            own.clear();
        } finally {
            lock.unlock();
        }
    }
}
