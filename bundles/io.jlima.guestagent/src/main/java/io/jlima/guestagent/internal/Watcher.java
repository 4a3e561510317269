// SPDX-License-Identifier: Apache-2.0
package io.jlima.guestagent.internal;

import io.jlima.api.guest.AgentSession;
import io.jlima.api.guest.GuestAddress;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells one listener, by a thread of its own. What the listener is too slow for is folded: a port that came and went is
 * not told of. So it keeps nobody up, and what waits for it is no more than what there is.
 */
final class Watcher implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Watcher.class);

    private final AgentSession.Listener listener;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Map<GuestAddress, Boolean> ports = new LinkedHashMap<>();
    private final Set<String> stages = new LinkedHashSet<>();
    private @Nullable List<GuestAddress> whole;
    private boolean lost;
    private boolean closed;

    Watcher(String name, AgentSession.Listener listener) {
        this.listener = listener;
        Thread.ofVirtual().name(name + " watcher").start(this::run);
    }

    /** What is told in one go. */
    private record Round(
            boolean lost, @Nullable List<GuestAddress> whole, Map<GuestAddress, Boolean> ports, List<String> stages) {}

    void connected(List<GuestAddress> listening) {
        lock.lock();
        try {
            whole = listening;
            ports.clear();
            changed.signal();
        } finally {
            lock.unlock();
        }
    }

    void port(GuestAddress address, boolean present) {
        lock.lock();
        try {
            // The other way round is what waits already, if anything does.
            if (ports.remove(address) == null) {
                ports.put(address, present);
            }
            changed.signal();
        } finally {
            lock.unlock();
        }
    }

    void stage(String word) {
        lock.lock();
        try {
            stages.add(word);
            changed.signal();
        } finally {
            lock.unlock();
        }
    }

    void disconnected() {
        lock.lock();
        try {
            lost |= whole == null;
            whole = null;
            ports.clear();
            changed.signal();
        } finally {
            lock.unlock();
        }
    }

    private void run() {
        while (true) {
            Round round;
            try {
                round = next();
            } catch (InterruptedException e) {
                return;
            }
            if (round == null) {
                return;
            }
            try {
                tell(round);
            } catch (RuntimeException | LinkageError e) {
                LOG.error("A listener to a guest's ports has failed", e);
            }
        }
    }

    private @Nullable Round next() throws InterruptedException {
        lock.lock();
        try {
            while (!closed && !lost && whole == null && ports.isEmpty() && stages.isEmpty()) {
                changed.await();
            }
            if (closed) {
                return null;
            }
            Round round = new Round(lost, whole, new LinkedHashMap<>(ports), new ArrayList<>(stages));
            lost = false;
            whole = null;
            ports.clear();
            stages.clear();
            return round;
        } finally {
            lock.unlock();
        }
    }

    private void tell(Round round) {
        if (round.lost()) {
            listener.disconnected();
        }
        if (round.whole() != null) {
            listener.connected(round.whole());
        }
        // What is gone comes first: what is new may want its place on the host.
        round.ports().forEach((address, present) -> {
            if (!present) {
                listener.closed(address);
            }
        });
        round.ports().forEach((address, present) -> {
            if (present) {
                listener.opened(address);
            }
        });
        round.stages().forEach(listener::stage);
    }

    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
            changed.signal();
        } finally {
            lock.unlock();
        }
    }
}
