// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.instance;

import io.jlima.api.instance.Instance.Status;
import io.jlima.api.machine.Hypervisor;
import io.jlima.api.machine.Machine;
import io.jlima.api.ssh.SshConnection;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What is going on with one instance now. Every field but the locks and {@link #standstill} is guarded by {@link #lock};
 * whoever holds it does not wait for anything.
 */
final class LiveInstance {
    private static final Logger LOG = LoggerFactory.getLogger(LiveInstance.class);

    /** Much longer than it takes to close what is attached to a guest, or to ask a driver for a machine. */
    private static final long SETTLE_LIMIT_SECONDS = 30;

    final InstanceFolder folder;
    final ReentrantLock lock = new ReentrantLock();

    /** Held while the connection is made, so that several callers make one. */
    final ReentrantLock connecting = new ReentrantLock();

    final Standstill standstill = new Standstill();

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

    /** What the guest said of the boot scripts that failed when it booted last. */
    List<String> failedSteps = List.of();

    /** What else is wrong although it runs. */
    List<String> troubles = List.of();

    /** How many are looking for a machine of an earlier daemon, or tidying up after one that has ended. */
    private int unsettled;

    private final Condition settled = lock.newCondition();

    LiveInstance(InstanceFolder folder) {
        this.folder = folder;
    }

    /** To be called with the lock held. */
    Status status() {
        if (stoppers > 0) {
            return Status.STOPPING;
        }
        if (job != null) {
            return Status.STARTING;
        }
        return machine != null || orphaned ? Status.RUNNING : Status.STOPPED;
    }

    /** Whether somebody sees to the instance already. To be called with the lock held. */
    boolean isBusy() {
        return machine != null || job != null || stoppers > 0;
    }

    /** All that is wrong, but for what is attached to the guest; to be called with the lock held. */
    List<String> allTroubles() {
        return Stream.concat(failedSteps.stream(), troubles.stream()).toList();
    }

    /** Begins what nobody else may come between; to be called with the lock held. {@link #settle} ends it. */
    void unsettle() {
        unsettled++;
    }

    void settle() {
        lock.lock();
        try {
            unsettled--;
            settled.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /**
     * Waits until nobody tidies up after an earlier machine, nor looks for one: a start in the middle of that would have
     * its files removed and its disks given away. The lock, if it is held, is not held meanwhile.
     */
    void awaitSettled() throws InterruptedException {
        lock.lockInterruptibly();
        try {
            long left = TimeUnit.SECONDS.toNanos(SETTLE_LIMIT_SECONDS);
            while (unsettled > 0 && left > 0) {
                left = settled.awaitNanos(left);
            }
            if (unsettled > 0) {
                LOG.error("Instance {}: a driver or a service takes its time; going on without it", folder.name());
            }
        } finally {
            lock.unlock();
        }
    }

    /**
     * What there is of an instance at one moment.
     *
     * @param machine null when none runs, as is {@code agent} then, and the like
     */
    record Held(
            @Nullable Machine machine,
            @Nullable StartJob job,
            @Nullable HostAgent agent,
            @Nullable SshConnection connection,
            @Nullable RunningGuest guest) {
        /** Gives up the start under way and lets go of the machine, which runs on. */
        void letGo() {
            if (job != null) {
                job.abandon();
            }
            closeGuest();
            if (agent != null) {
                agent.release();
            }
            if (machine != null) {
                machine.release();
            }
        }

        void closeGuest() {
            if (guest != null) {
                guest.close();
            }
            if (connection != null) {
                connection.close();
            }
        }
    }

    /** Hands over what is attached to the guest, to be closed; to be called with the lock held. */
    Held handOver() {
        Held held = new Held(machine, job, agent, connection, guest);
        guest = null;
        return held;
    }

    /** Hands over the machine and all that belongs to it; to be called with the lock held. */
    Held handOverMachine() {
        Held held = handOver();
        machine = null;
        agent = null;
        connection = null;
        ready = false;
        failedSteps = List.of();
        troubles = List.of();
        standstill.end();
        return held;
    }

    boolean isOrphaned() {
        lock.lock();
        try {
            return orphaned;
        } finally {
            lock.unlock();
        }
    }

    Optional<Machine> machine() {
        lock.lock();
        try {
            return Optional.ofNullable(machine);
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

    /** What a start under way is doing; to be called with the lock held. */
    String activity() {
        return job == null ? "" : job.step();
    }
}
