// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.instance;

import io.jlima.api.instance.Instance.Status;
import io.jlima.api.machine.Hypervisor;
import io.jlima.api.machine.Machine;
import io.jlima.api.ssh.SshConnection;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * What is going on with one instance now. Every field but the locks is guarded by {@link #lock}; whoever holds it does
 * not wait for anything.
 */
final class LiveInstance {
    final InstanceFolder folder;
    final ReentrantLock lock = new ReentrantLock();

    /** Held while the connection is made, so that several callers make one. */
    final ReentrantLock connecting = new ReentrantLock();

    /** A start that is under way. */
    @Nullable
    StartJob job;

    /** How many callers are stopping, deleting or resetting the instance. */
    int stoppers;

    /** The status that was told last; guarded by {@link #telling}. */
    Status told = Status.STOPPED;

    /** Held while a status is told, so that watchers hear of changes in their order. Taken before {@link #lock}. */
    final ReentrantLock telling = new ReentrantLock();

    @Nullable
    Machine machine;

    /** The driver that runs the machine; stays when the driver has gone and the machine has not. */
    @Nullable
    Hypervisor hypervisor;

    /** Whether the driver has gone and left the machine running, so that nothing can be done to it for now. */
    boolean orphaned;

    /** Port of 127.0.0.1 that leads to the machine's sshd; 0 when no machine runs. */
    int sshPort;

    /** Null when no machine runs, and when its files could not be made. */
    @Nullable
    HostAgent agent;

    @Nullable
    SshConnection connection;

    /** What is attached to the guest; null when no machine runs. */
    @Nullable
    RunningGuest guest;

    /** Whether the start has come to its end. */
    boolean ready;

    /** What is wrong although it runs. */
    List<String> troubles = List.of();

    LiveInstance(InstanceFolder folder) {
        this.folder = folder;
    }

    Status status() {
        if (stoppers > 0) {
            return Status.STOPPING;
        }
        if (job != null) {
            return Status.STARTING;
        }
        return machine != null || orphaned ? Status.RUNNING : Status.STOPPED;
    }

    boolean isOrphaned() {
        lock.lock();
        try {
            return orphaned;
        } finally {
            lock.unlock();
        }
    }

    Optional<HostAgent> agent() {
        lock.lock();
        try {
            return Optional.ofNullable(agent);
        } finally {
            lock.unlock();
        }
    }

    Optional<RunningGuest> guest() {
        lock.lock();
        try {
            return Optional.ofNullable(guest);
        } finally {
            lock.unlock();
        }
    }

    String activity() {
        return job == null ? "" : job.step();
    }
}
