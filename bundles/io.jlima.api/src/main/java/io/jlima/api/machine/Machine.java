// SPDX-License-Identifier: Apache-2.0
package io.jlima.api.machine;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.osgi.annotation.versioning.ConsumerType;

/** A running virtual machine. Thread-safe. */
@ConsumerType
public interface Machine {
    /** The process that is the machine. */
    ProcessIdentity identity();

    /** How instructions are executed, for people: {@code KVM}, or {@code TCG} with the reason. */
    String accelerator();

    /** Completes, normally, when the process is gone, within 100 ms of that. Several callers may wait. */
    CompletionStage<Exit> exited();

    /**
     * Asks the guest to power off, waits, and kills the machine when it has not ended in time. Returns when the
     * process is gone.
     *
     * @return false when it had to be killed
     * @throws InterruptedException when the wait is given up; the guest has been asked by then
     */
    boolean powerOff(Duration grace) throws InterruptedException;

    /** Ends the process at once and returns when it is gone. */
    void kill();

    /**
     * Lets go of the machine without touching it: connections are closed, the process runs on. Called when the daemon
     * or the driver stops.
     */
    void release();

    /** An optional half of the machine, if it has it. */
    default <T> Optional<T> as(Class<T> capability) {
        return capability.isInstance(this) ? Optional.of(capability.cast(this)) : Optional.empty();
    }

    /**
     * A process, told apart from a later one with the same number.
     *
     * @param pid process id
     * @param startTime start of the process in units of the host's own choosing, the same at every look; 0 if unknown
     */
    record ProcessIdentity(long pid, long startTime) {}

    /**
     * How the machine ended.
     *
     * @param asked whether the guest or the host asked for the end, so that it is no fault
     * @param words the last words of the process, empty if it said nothing
     */
    record Exit(boolean asked, String words) {}

    /** Is told what happens to a machine; called from a thread of the driver, must not block for long. */
    @FunctionalInterface
    @ConsumerType
    interface Listener {
        void happened(Event event);
    }

    /** Something that happened to a machine that runs. */
    sealed interface Event {}

    /** The guest has begun to shut down; {@code byGuest} when it did so of its own accord. */
    record ShuttingDown(boolean byGuest) implements Event {}

    /** The guest has restarted itself. */
    record Reset() implements Event {}

    /** The guest has set up a network card, so its network is about to answer; told once, by drivers that can see it. */
    record NetworkUp() implements Event {}

    /** The guest's kernel has given up. */
    record Panicked() implements Event {}

    /** The host could not do what a disk asked for, so the machine waits. {@code noSpace}: the host's disk is full. */
    record DiskTrouble(String device, String reason, boolean noSpace) implements Event {}

    /** The machine stands still. */
    record Paused() implements Event {}

    /** The machine goes on. */
    record Resumed() implements Event {}
}
