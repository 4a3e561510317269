// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.instance;

import io.jlima.api.HostEnvironment;
import io.jlima.api.LimaException;
import io.jlima.api.Progress;
import io.jlima.api.config.ConfigReader.Facts;
import io.jlima.api.config.InstanceConfig;
import io.jlima.api.instance.InstanceEvent;
import io.jlima.api.machine.Device;
import io.jlima.api.machine.MachineSpec;
import io.jlima.api.ssh.SshConnection;
import io.jlima.core.internal.cidata.Cidata;
import io.jlima.core.internal.cidata.CidataRequest;
import io.jlima.core.internal.disk.InstanceDisk;
import io.jlima.core.internal.disk.InstanceDisks;
import io.jlima.core.internal.image.Images;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.Predicate;

/**
 * One start, from the text of lima.yaml to READY. Each step can be done again after a crash at any point, and a machine
 * that runs already is met, not started.
 */
final class StartSequence {
    /** What a service does when the guest is up takes seconds; one that hangs must not hold the start for longer. */
    private static final Duration ATTACH_LIMIT = Duration.ofMinutes(2);

    /** Tries to launch with another port when somebody takes the chosen one in between. */
    private static final int LAUNCH_TRIES = 3;

    private final LiveInstance live;
    private final InstanceFolder folder;
    private final Platform platform;
    private final Custody custody;
    private final Predicate<String> busy;
    private final HostEnvironment caller;
    private final StartJob job;
    private final Progress progress;

    StartSequence(
            LiveInstance live,
            Platform platform,
            Custody custody,
            Predicate<String> busy,
            HostEnvironment caller,
            StartJob job) {
        this.live = live;
        this.folder = live.folder;
        this.platform = platform;
        this.custody = custody;
        this.busy = busy;
        this.caller = caller;
        this.job = job;
        this.progress = job.progress();
    }

    void run() throws Exception {
        Configuration configuration = platform.configurations().read(folder, caller);
        configuration.warnings().forEach(progress::warn);
        NotYet.of(configuration.config()).ifPresent(progress::warn);
        NotYet.unseen(configuration.config(), platform.drivers()).ifPresent(progress::warn);
        InstanceConfig config = configuration.config();
        Started started = live.machine().isPresent() ? rejoin() : launch(config, configuration.facts());
        progress.info("SSH Local Port: " + started.sshPort());
        SshConnection connection = meet(config, started);
        live.guest().ifPresent(RunningGuest::isUp);
        Readiness readiness = new Readiness(
                config,
                started.instanceId(),
                () -> MachinePlan.otherMountTypes(folder, config, platform.drivers(), caller));
        List<String> failedSteps = new ArrayList<>();
        List<String> others = new ArrayList<>(step("Finishing the guest's set-up", () -> {
            readiness.awaitBoot(connection, Meeting.GUEST_LIMIT);
            failedSteps.addAll(readiness.failedSteps(connection));
            return readiness.failedProbes(connection);
        }));
        RunningGuest guest = live.guest().orElse(null);
        if (guest != null) {
            others.addAll(step("Attaching to the guest", () -> guest.awaitReady(ATTACH_LIMIT)));
            guest.troubles().stream().filter(words -> !others.contains(words)).forEach(progress::warn);
        }
        List<String> troubles = custody.ready(live, failedSteps, others);
        if (!troubles.isEmpty()) {
            throw new LimaException(
                    "instance `" + folder.name() + "` runs, but not everything in it is as it should be",
                    String.join("\n", troubles),
                    "Look around with `limactl shell " + folder.name() + "`",
                    null);
        }
    }

    /**
     * @param instanceId what the guest's marks of progress carry
     */
    private record Started(int sshPort, String instanceId) {}

    private Started launch(InstanceConfig config, Facts facts) throws Exception {
        InstanceDisk disk = step("Preparing the disk", () -> disk(config));
        ExtraDisks extra = platform.extraDisks(folder);
        List<Device.Disk> data = extra.take(config, busy, progress);
        try {
            return launch(config, facts, disk, data);
        } catch (Exception e) {
            // With a machine, they are given back when that ends.
            if (live.machine().isEmpty()) {
                extra.giveBack();
            }
            throw e;
        }
    }

    private Started launch(InstanceConfig config, Facts facts, InstanceDisk disk, List<Device.Disk> data)
            throws Exception {
        for (int attempt = 1; ; attempt++) {
            int port = platform.ports().choose(folder, config.ssh().localPort());
            try {
                MachinePlan plan = MachinePlan.of(folder, config, facts, platform.drivers(), port, caller);
                Cidata.Volume volume = step("Writing the guest's configuration", () -> cidata(plan, facts));
                MachineSpec spec = plan.spec(disk, data, volume.iso());
                platform.access().describe(folder, config, port);
                Readiness.keepInstanceId(folder, volume.instanceId());
                step("Starting the machine", () -> {
                    plan.hypervisor().validate(spec, caller);
                    makeMountedDirectories(config);
                    MountType.keep(folder, plan.mountType());
                    Runnable undo = plan.mounts().beginning().begin();
                    try {
                        custody.launch(live, job, plan.hypervisor(), spec, config, caller, port);
                    } catch (IOException | LimaException e) {
                        undo.run();
                        throw e;
                    }
                    return port;
                });
                return new Started(port, volume.instanceId());
            } catch (LimaException e) {
                boolean portLost = String.valueOf(e.evidence()).contains("host forwarding rule");
                if (!portLost || config.ssh().localPort() != 0 || attempt == LAUNCH_TRIES) {
                    throw e;
                }
                progress.warn("Port " + port + " was taken by another program in between; trying another one");
            } finally {
                platform.ports().release(folder);
            }
        }
    }

    /** The machine was started by an earlier daemon, or a start was given up half-way: its files say the rest. */
    private Started rejoin() {
        job.launched();
        try {
            return new Started(platform.ports().last(folder), Readiness.instanceId(folder));
        } catch (IOException e) {
            throw new LimaException(
                    "the machine of instance `" + folder.name() + "` runs, but it was not jlima that started it",
                    "there is no " + folder.file(Readiness.INSTANCE_ID),
                    "Stop it with `limactl stop " + folder.name() + "` and start it again",
                    e);
        }
    }

    private InstanceDisk disk(InstanceConfig config) throws InterruptedException {
        InstanceDisks disks = new InstanceDisks(folder.path(), caller);
        if (disks.exist()) {
            return disks.open(config.disk());
        }
        Images images = platform.images();
        return disks.create(images.fetch(config.images(), config.arch(), caller, progress), config.disk(), progress);
    }

    private Cidata.Volume cidata(MachinePlan plan, Facts facts) {
        try {
            return platform.cidata().write(request(plan, facts), folder.path());
        } catch (IOException e) {
            throw InstanceFolder.trouble("cannot write the configuration volume of `" + folder.name() + "`", e);
        }
    }

    private CidataRequest request(MachinePlan plan, Facts facts) {
        return new CidataRequest(
                folder.name(),
                plan.config(),
                platform.access().authorizedKeys(plan.config(), caller),
                platform.access().hostKey(folder),
                List.of(new CidataRequest.Nic(
                        plan.nic().nic().name(), plan.nic().nic().macAddress(), 200, true)),
                plan.nic().addresses(),
                plan.mounts().fstab(),
                plan.guestMountType(),
                caller,
                plan.hypervisor().info().vmType(),
                facts.home(),
                plan.setup());
    }

    /** A mounted directory that is missing is made, as Lima does. */
    private static void makeMountedDirectories(InstanceConfig config) {
        for (InstanceConfig.Mount mount : config.mounts()) {
            try {
                Files.createDirectories(Path.of(mount.location()));
            } catch (IOException e) {
                throw InstanceFolder.trouble("cannot make the directory " + mount.location() + " of mounts", e);
            }
        }
    }

    private SshConnection meet(InstanceConfig config, Started started) throws Exception {
        Meeting meeting = new Meeting(folder, platform.connections().connector());
        step("Waiting for the guest to boot", () -> {
            meeting.awaitSshd(started.sshPort(), List.of(job.networkUp()));
            return true;
        });
        Readiness readiness = new Readiness(config, started.instanceId());
        return step(
                "Logging in", () -> meeting.logIn(() -> platform.connections().kept(live), readiness));
    }

    private <T> T step(String name, Callable<T> work) throws Exception {
        long begun = System.nanoTime();
        job.at(name);
        platform.events().publish(new InstanceEvent.StepBegun(folder.name(), Instant.now(), name));
        T result;
        try (Progress.Task task = progress.begin(name, -1)) {
            result = work.call();
            task.finished();
        }
        platform.events()
                .publish(new InstanceEvent.StepDone(
                        folder.name(), Instant.now(), name, Duration.ofNanos(System.nanoTime() - begun)));
        return result;
    }
}
