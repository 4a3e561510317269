// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.instance;

import io.jlima.api.HostEnvironment;
import io.jlima.api.LimaException;
import io.jlima.api.Progress;
import java.time.Duration;

/** The starts under way: one of each instance, which all who want it started watch. */
record Starts(LiveInstances instances, Platform platform, Custody custody) {
    /** Begins a start or joins the one under way, and waits for it; nothing happens when the instance is ready. */
    void start(String name, Duration timeout, HostEnvironment caller, Progress progress) throws InterruptedException {
        LiveInstance instance = instances.existing(name);
        LimaHostAgent.refuse(instance.folder);
        StartJob job;
        instance.lock.lock();
        try {
            instance.awaitSettled();
            refuse(instance);
            job = instance.job;
            // A start that is at its end is waited for too: until then the instance does not count as running.
            if (job != null) {
                progress.info("Another command is starting `" + name + "` already; joining it at: " + job.step());
            } else if (instance.ready && instance.machine != null) {
                return;
            } else {
                job = new StartJob(name, j -> run(instance, caller, j));
                instance.job = job;
                // Before it begins, so that its first words are heard.
                job.watch(progress);
                job.begin();
            }
        } finally {
            instance.lock.unlock();
        }
        job.await(progress, timeout);
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
