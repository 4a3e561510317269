// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.instance;

import static org.assertj.core.api.Assertions.assertThat;

import io.jlima.api.Progress;
import io.jlima.api.instance.Instance.Status;
import io.jlima.api.machine.Machine;
import io.jlima.core.internal.instance.FakeHypervisor.Behaviour;
import io.jlima.core.internal.instance.Rig.Starting;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Starts that meet each other, are left, or meet an end. */
class MeetingStartsTest extends RiggedInstances {
    @Test
    void twoStartsJoin() throws Exception {
        Starting one = startingToBoot(new Recorded());
        assertThat(look().status()).isEqualTo(Status.STARTING);
        assertThat(look().activity()).isEqualTo("Waiting for the guest to boot");
        Recorded joined = new Recorded("joining it");
        Starting two = rig.starting(service, "x", joined);
        Eventually.happens(joined.told, "the joining");
        rig.connector.boot();
        assertThat(one.outcome()).isNull();
        assertThat(two.outcome()).isNull();
        assertThat(rig.hypervisor.machines).hasSize(1);
    }

    @Test
    void whoeverComesWhenAllHaveLeftGetsAStartOfTheirOwn() throws Exception {
        rig.hypervisor.behaviour = Behaviour.LINGERS;
        Starting one = rig.starting(service, "x", new Recorded());
        Eventually.happens(rig.hypervisor.asked, "the driver's start");
        one.thread.interrupt();
        Eventually.happens(rig.hypervisor.lingering, "the end of it");
        rig.hypervisor.behaviour = Behaviour.STARTS;
        Starting two = rig.starting(service, "x", new Recorded());
        waits(two.thread);
        assertThat(rig.hypervisor.machines).isEmpty();
        rig.connector.boot();
        rig.hypervisor.gate.countDown();
        assertThat(one.outcome()).isInstanceOf(InterruptedException.class);
        assertThat(two.outcome()).isNull();
        assertThat(look().status()).isEqualTo(Status.RUNNING);
    }

    @Test
    void stopEndsAStartThatWaitsForItsGuest() throws Exception {
        Starting starting = startingToBoot(new Recorded());
        service.stop("x", true, Progress.SILENT);
        assertThat(starting.outcome()).hasMessageStartingWith("the start of `x` was cancelled");
        assertThat(rig.hypervisor.last().killed).isTrue();
        assertThat(look().status()).isEqualTo(Status.STOPPED);
        assertThat(rig.statuses("x")).containsExactly(Status.STARTING, Status.STOPPING, Status.STOPPED);
    }

    @Test
    void stopEndsAStartThatHasNoMachineYet() throws Exception {
        rig.hypervisor.behaviour = Behaviour.WAITS;
        Starting starting = rig.starting(service, "x", new Recorded());
        Eventually.happens(rig.hypervisor.asked, "the driver's start");
        service.stop("x", false, Progress.SILENT);
        assertThat(starting.outcome()).hasMessageStartingWith("the start of `x` was cancelled");
        assertThat(rig.hypervisor.machines).isEmpty();
        assertThat(look().status()).isEqualTo(Status.STOPPED);
        assertThat(rig.statuses("x")).containsExactly(Status.STARTING, Status.STOPPING, Status.STOPPED);
    }

    @Test
    void leavingEndsAStartThatHasNoMachineYet() throws Exception {
        rig.hypervisor.behaviour = Behaviour.WAITS;
        Starting starting = rig.starting(service, "x", new Recorded());
        Eventually.happens(rig.hypervisor.asked, "the driver's start");
        starting.thread.interrupt();
        assertThat(starting.outcome()).isInstanceOf(InterruptedException.class);
        assertThat(look().status()).isEqualTo(Status.STOPPED);
        assertThat(rig.hypervisor.machines).isEmpty();
    }

    @Test
    void leavingDoesNotEndAMachine() throws Exception {
        Starting starting = startingToBoot(new Recorded());
        starting.thread.interrupt();
        assertThat(starting.outcome()).isInstanceOf(InterruptedException.class);
        assertThat(look().status()).isEqualTo(Status.STARTING);
        start();
        assertThat(rig.hypervisor.machines).hasSize(1);
        assertThat(look().status()).isEqualTo(Status.RUNNING);
    }

    /**
     * The machine is ready a moment before its start has ended: whoever starts it then must not be told that it runs
     * while it still counts as starting.
     */
    @Test
    void aStartThatIsAtItsEndIsWaitedFor() throws Exception {
        Starting first = startingToBoot(new Recorded());
        // What the start writes last; it stands still there until somebody reads.
        Path log = folder.file("ha.stdout.log");
        Files.delete(log);
        assertThat(new ProcessBuilder("mkfifo", log.toString()).start().waitFor())
                .isZero();
        try (WatchService watch = path.getFileSystem().newWatchService()) {
            folder.path().register(watch, StandardWatchEventKinds.ENTRY_CREATE);
            rig.connector.boot();
            while (!Files.exists(folder.file("ready"))) {
                WatchKey key = watch.poll(Eventually.SECONDS, TimeUnit.SECONDS);
                assertThat(key).isNotNull();
                key.reset();
            }
        }
        Recorded joined = new Recorded("joining it");
        Starting second = rig.starting(service, "x", joined);
        Eventually.happens(joined.told, "the joining");
        Files.readAllBytes(log);
        Files.delete(log);
        assertThat(second.outcome()).isNull();
        assertThat(look().status()).isEqualTo(Status.RUNNING);
        assertThat(first.outcome()).isNull();
    }

    /** Ends the machine unasked, and returns in the middle of what follows from that. */
    private Thread endedButNotTidiedUp() throws InterruptedException {
        FakeMachine machine = rig.hypervisor.last();
        Thread end = Thread.ofPlatform().start(() -> machine.exited.complete(new Machine.Exit(false, "killed")));
        Eventually.happens(clinging.closing, "the end of the machine");
        return end;
    }

    private static void waits(Thread thread) {
        while (thread.isAlive() && thread.getState() != Thread.State.TIMED_WAITING) {
            Thread.onSpinWait();
        }
    }

    @Test
    void aStartWaitsUntilTheLastMachineIsTidiedUpAfter() throws Exception {
        rig.drivers.addGuestService(clinging, Map.of());
        start();
        Thread end = endedButNotTidiedUp();
        Starting next = rig.starting(service, "x", new Recorded());
        waits(next.thread);
        assertThat(rig.hypervisor.machines).hasSize(1);
        clinging.gate.countDown();
        Eventually.ends(end);
        assertThat(next.outcome()).isNull();
        assertThat(look().status()).isEqualTo(Status.RUNNING);
        assertThat(folder.file("ha.pid")).exists();
        assertThat(folder.file("ha.sock")).exists();
        assertThat(folder.file("ready")).exists();
    }

    @Test
    void whenStopReturnsAllIsTidiedUp() throws Exception {
        rig.drivers.addGuestService(clinging, Map.of());
        start();
        Thread end = endedButNotTidiedUp();
        CompletableFuture<Boolean> deleted = new CompletableFuture<>();
        Thread delete = Thread.ofPlatform().start(() -> {
            try {
                deleted.complete(service.delete("x", true, Progress.SILENT));
            } catch (InterruptedException | RuntimeException e) {
                deleted.completeExceptionally(e);
            }
        });
        waits(delete);
        assertThat(folder.path()).exists();
        clinging.gate.countDown();
        Eventually.ends(end);
        assertThat(deleted.get(Eventually.SECONDS, TimeUnit.SECONDS)).isTrue();
        assertThat(path.resolve("x")).doesNotExist();
    }
}
