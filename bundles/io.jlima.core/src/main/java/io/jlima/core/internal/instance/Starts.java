// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.instance;

import io.jlima.api.HostEnvironment;
import io.jlima.api.LimaException;
import io.jlima.api.Progress;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** The starts under way: one of each instance, which all who want it started watch. */
record Starts(LiveInstances instances, Platform platform, Custody custody) {
    /** Begins a start or joins the one under way, and waits for it; nothing happens when the instance is ready. */
    void start(String name, Duration timeout, HostEnvironment caller, Progress progress) throws InterruptedException {
        LiveInstance instance = instances.existing(name);
        LimaHostAgent.refuse(instance.folder);
        while (true) {
            Joined joined = join(instance, caller, progress);
            StartJob job = joined.job();
            if (job == null) {
                return;
            }
            if (joined.isHeard()) {
                job.await(progress, timeout);
                return;
            }
            // Whoever wanted that one has left. Its end is no news here; ours comes after it.
            job.awaitEnd(timeout);
        }
    }

    /**
     * A start that the caller finds or makes.
     *
     * @param job null when there is nothing to start
     * @param isHeard whether the caller watches it; else it is on its way to an end that nobody waits for
     */
    private record Joined(@Nullable StartJob job, boolean isHeard) {}

    private Joined join(LiveInstance instance, HostEnvironment caller, Progress progress) throws InterruptedException {
        String name = instance.folder.name();
        instance.lock.lock();
        try {
            instance.awaitSettled();
            refuse(instance);
            StartJob job = instance.job;
            // A start that is at its end is waited for too: until then the instance does not count as running.
            if (job != null) {
                boolean isHeard = job.watch(progress);
                if (isHeard) {
                    progress.info("Another command is starting `" + name + "` already; joining it at: " + job.step());
                }
                return new Joined(job, isHeard);
            }
            if (instance.ready && instance.machine != null) {
                return new Joined(null, false);
            }
            StartJob begun = new StartJob(name, j -> run(instance, caller, j));
            instance.job = begun;
            // Before it begins, so that its first words are heard.
            begun.watch(progress);
            begun.begin();
            return new Joined(begun, true);
        } finally {
            instance.lock.unlock();
        }
    }

    private static void refuse(LiveInstance instance) {
        String name = instance.folder.name();
        if (instance.stoppers > 0) {
            throw new LimaException(
                    "instance `" + name + "` is being stopped", "Give the command again when it has stopped");
        }
        if (instance.orphaned) {
            throw new LimaException(
                    "the machine of instance `" + name + "` runs, but the driver for it is gone",
                    "Install the driver again (limactl console), then everything is as before");
        }
    }

    /** Brings to its end the start of a machine that was adopted in the middle of it. */
    void goOn(LiveInstance instance) {
        HostEnvironment daemon = HostEnvironment.ofThisProcess();
        instance.lock.lock();
        try {
            if (instance.job == null && instance.machine != null && instance.stoppers == 0) {
                StartJob job = new StartJob(instance.folder.name(), j -> run(instance, daemon, j));
                job.launched();
                instance.job = job;
                job.begin();
            }
        } finally {
            instance.lock.unlock();
        }
    }

    private void run(LiveInstance instance, HostEnvironment caller, StartJob job) throws Exception {
        try {
            platform.events().status(instance);
            new StartSequence(instance, platform, custody, instances::isBusy, caller, job).run();
        } finally {
            instance.lock.lock();
            try {
                instance.job = null;
            } finally {
                instance.lock.unlock();
            }
            platform.events().status(instance);
        }
    }
}
