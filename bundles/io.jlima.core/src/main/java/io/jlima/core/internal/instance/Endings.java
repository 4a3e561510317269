// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.instance;

import io.jlima.api.LimaException;
import io.jlima.api.Progress;
import io.jlima.api.instance.Instance.Status;
import io.jlima.api.machine.Machine;
import io.jlima.api.mount.MountAttachment;
import java.time.Duration;
import java.util.Optional;

/** How the run of an instance ends, and with it sometimes the instance: stop, delete, factory reset. */
record Endings(LiveInstances instances, Custody custody, InstanceFiles files, Events events) {
    /** As long as Lima waits for a guest to power off. */
    private static final Duration GRACE = Duration.ofMinutes(3);

    /**
     * For a guest that cannot power off. Linux has written by then what programs wrote before, see dirty_expire_centisecs
     * and dirty_writeback_centisecs in its Documentation/admin-guide/sysctl/vm.rst.
     */
    private static final Duration SHORT_GRACE = Duration.ofSeconds(45);

    void stop(String name, boolean force, Progress progress) throws InterruptedException {
        LiveInstance instance = instances.existing(name);
        LimaHostAgent.refuse(instance.folder);
        enter(instance, force);
        try {
            if (!end(instance, force, progress) && !force) {
                throw new LimaException("expected status `Running`, got `Stopped`", "There is nothing to stop");
            }
        } finally {
            leave(instance);
        }
    }

    /**
     * @return false when there is no such instance
     */
    boolean delete(String name, boolean force, Progress progress) throws InterruptedException {
        if (!instances.exists(name)) {
            return false;
        }
        LiveInstance instance = instances.existing(name);
        refuseProtected(instance);
        if (force) {
            enter(instance, true);
        } else {
            enterStopped(instance, "Stop it first with `limactl stop " + name + "`, or use --force");
        }
        try {
            end(instance, true, progress);
            instance.folder.delete();
            instances.forget(instance);
            files.forget(instance.folder);
        } finally {
            leave(instance);
        }
        return true;
    }

    void factoryReset(String name, Progress progress) throws InterruptedException {
        LiveInstance instance = instances.existing(name);
        refuseProtected(instance);
        enter(instance, true);
        try {
            end(instance, true, progress);
            instance.folder.reset();
        } finally {
            leave(instance);
        }
    }

    private static void refuseProtected(LiveInstance instance) {
        LimaHostAgent.refuse(instance.folder);
        if (instance.folder.isProtected()) {
            throw new LimaException(
                    "instance is protected to prohibit accidental removal",
                    "Run `limactl unprotect " + instance.folder.name() + "` to allow it");
        }
    }

    private static void enter(LiveInstance instance, boolean force) {
        instance.lock.lock();
        try {
            if (instance.stoppers > 0 && !force) {
                throw new LimaException(
                        "instance `" + instance.folder.name() + "` is being stopped by another command",
                        "Wait for it, or use --force");
            }
            instance.stoppers++;
        } finally {
            instance.lock.unlock();
        }
    }

    /** Takes an instance that does not run for oneself: nobody starts it until {@link #leave}. */
    static void enterStopped(LiveInstance instance, String remedy) throws InterruptedException {
        instance.lock.lock();
        try {
            instance.awaitSettled();
            if (instance.status() != Status.STOPPED) {
                throw new LimaException(
                        "expected status `Stopped`, got `" + instance.status().word() + "`", remedy);
            }
            instance.stoppers++;
        } finally {
            instance.lock.unlock();
        }
    }

    void leave(LiveInstance instance) {
        instance.lock.lock();
        try {
            instance.stoppers--;
        } finally {
            instance.lock.unlock();
        }
        events.status(instance);
    }

    /**
     * Gives up a start under way and ends the machine. Then all is over: nobody writes to the instance any more.
     *
     * @return false when there was neither
     */
    private boolean end(LiveInstance instance, boolean force, Progress progress) throws InterruptedException {
        String name = instance.folder.name();
        StartJob job;
        instance.lock.lock();
        try {
            instance.awaitSettled();
            job = instance.job;
        } finally {
            instance.lock.unlock();
        }
        Optional<Machine> machine = instance.machine();
        if (instance.isOrphaned()) {
            throw new LimaException(
                    "the machine of instance `" + name + "` runs, but the driver for it is gone",
                    "Install the driver again (limactl console), then give the command again");
        }
        if (job == null && machine.isEmpty()) {
            return false;
        }
        events.status(instance);
        if (job != null) {
            job.cancel();
            machine = instance.machine();
        }
        if (machine.isPresent()) {
            if (force) {
                machine.get().kill();
            } else {
                powerOff(instance, machine.get(), progress);
            }
            custody.ended(instance, machine.get(), new Machine.Exit(true, ""));
        }
        // The machine tells of its end on a thread of its own, which may not be through with what follows from it.
        instance.awaitSettled();
        return true;
    }

    private static void powerOff(LiveInstance instance, Machine machine, Progress progress)
            throws InterruptedException {
        boolean hangs = instance.guest()
                .flatMap(RunningGuest::mounts)
                .filter(MountAttachment::isBeyondRepair)
                .isPresent();
        Duration grace = hangs ? SHORT_GRACE : GRACE;
        if (!machine.powerOff(grace)) {
            progress.warn("The guest of `" + instance.folder.name() + "` did not power off within " + grace.toSeconds()
                    + " s, so its machine was ended");
        }
    }
}
