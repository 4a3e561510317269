// SPDX-License-Identifier: Apache-2.0
package io.jlima.mount.sshfs.internal;

import io.jlima.api.guest.Guest;
import io.jlima.api.ssh.SshConnection;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.locks.ReentrantLock;

/** Connections that mounts have to themselves, each for as many of them as sshd allows. */
final class SharedConnections implements SshTransport.Connections, AutoCloseable {
    /** sshd takes ten sessions on a connection unless it is told otherwise, MaxSessions in sshd_config(5). */
    private static final int MOST_MOUNTS = 8;

    private final Guest guest;
    private final ReentrantLock lock = new ReentrantLock();
    private final List<Counted> connections = new ArrayList<>();
    private boolean closed;

    private static final class Counted {
        final SshConnection connection;
        int mounts;

        Counted(SshConnection connection) {
            this.connection = connection;
        }
    }

    SharedConnections(Guest guest) {
        this.guest = guest;
    }

    /** One with room. The count is of all that were ever started, so a mount that keeps ending moves on in time. */
    @Override
    public SshConnection get() throws InterruptedException {
        try {
            guest.up().toCompletableFuture().get();
        } catch (ExecutionException e) {
            throw new IllegalStateException("Being up is never an error", e);
        }
        lock.lockInterruptibly();
        try {
            connections.removeIf(c -> !c.connection.isOpen());
            for (Counted counted : connections) {
                if (counted.mounts < MOST_MOUNTS) {
                    counted.mounts++;
                    return counted.connection;
                }
            }
            Counted fresh = new Counted(guest.ownConnection());
            fresh.mounts = 1;
            if (closed) {
                fresh.connection.close();
            } else {
                connections.add(fresh);
            }
            return fresh.connection;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
            connections.forEach(c -> c.connection.close());
            connections.clear();
        } finally {
            lock.unlock();
        }
    }
}
