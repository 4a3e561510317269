// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.instance;

import io.jlima.testing.ReservedPort;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jlima.api.LimaException;
import io.jlima.api.Progress;
import io.jlima.api.guest.Attachment;
import io.jlima.api.guest.Guest;
import io.jlima.api.guest.GuestService;
import io.jlima.api.instance.Instance;
import io.jlima.api.instance.Instance.Status;
import io.jlima.api.instance.InstanceEvent;
import io.jlima.api.machine.Machine;
import io.jlima.api.ssh.SshConnection;
import io.jlima.core.internal.instance.FakeHypervisor.Behaviour;
import io.jlima.core.internal.instance.Rig.Starting;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InstancesServiceTest {
    @TempDir
    Path path;

    private Rig rig;
    private InstancesService service;
    private InstanceFolder folder;
    private final Clinging clinging = new Clinging();

    @BeforeEach
    void open() throws Exception {
        rig = new Rig(path);
        rig.install();
        folder = rig.instance("x", "good");
        service = rig.service();
    }

    @AfterEach
    void close() throws InterruptedException {
        clinging.gate.countDown();
        rig.close();
    }

    private void start() throws InterruptedException {
        rig.connector.boot();
        service.start("x", Rig.LONG, rig.caller, new Recorded());
    }

    private Instance look() {
        return service.find("x").orElseThrow();
    }

    /** A start whose guest has not booted. */
    private Starting startingToBoot(Recorded progress) throws InterruptedException {
        Starting starting = rig.starting(service, "x", progress);
        Eventually.happens(rig.connector.waiting, "the wait for the guest");
        return starting;
    }

    @Test
    void aStartGoesThroughItsSteps() throws Exception {
        assertThat(look().status()).isEqualTo(Status.STOPPED);
        start();
        Instance now = look();
        assertThat(now.status()).isEqualTo(Status.RUNNING);
        assertThat(now.errors()).isEmpty();
        assertThat(now.driverPid()).isEqualTo(1001);
        assertThat(now.hostAgentPid()).isEqualTo(ProcessHandle.current().pid());
        assertThat(now.sshPort()).isPositive();
        assertThat(folder.file("ssh.config")).content().contains("Port " + now.sshPort());
        assertThat(rig.statuses("x")).containsExactly(Status.STARTING, Status.RUNNING);
        assertThat(rig.events.stream()
                        .filter(InstanceEvent.StepDone.class::isInstance)
                        .map(e -> ((InstanceEvent.StepDone) e).step()))
                .containsExactly(
                        "Preparing the disk",
                        "Writing the guest's configuration",
                        "Starting the machine",
                        "Waiting for the guest to boot",
                        "Logging in",
                        "Finishing the guest's set-up",
                        "Attaching to the guest");
        assertThat(rig.connector.connections.getFirst().target.port()).isEqualTo(now.sshPort());
        service.start("x", Rig.LONG, rig.caller, new Recorded());
        assertThat(rig.hypervisor.machines).as("it runs already").hasSize(1);
    }

    @Test
    void stopPowersTheGuestOff() throws Exception {
        start();
        SshConnection connection = service.connection("x");
        assertThat(service.connection("x")).as("one is kept").isSameAs(connection);
        service.stop("x", false, Progress.SILENT);
        assertThat(look().status()).isEqualTo(Status.STOPPED);
        assertThat(look().driverPid()).isZero();
        assertThat(connection.isOpen()).isFalse();
        assertThat(folder.file("ha.pid")).doesNotExist();
        assertThat(folder.file("ha.sock")).doesNotExist();
        assertThat(folder.file("ready")).doesNotExist();
        assertThat(rig.hypervisor.last().killed).isFalse();
        assertThat(rig.statuses("x")).containsExactly(Status.STARTING, Status.RUNNING, Status.STOPPING, Status.STOPPED);
        assertThat(rig.events).noneMatch(InstanceEvent.Trouble.class::isInstance);
        assertThatThrownBy(() -> service.connection("x"))
                .hasMessage("instance `x` does not run\nStart it with `limactl start x`");
        assertThatThrownBy(() -> service.stop("x", false, Progress.SILENT))
                .hasMessageStartingWith("expected status `Running`, got `Stopped`");
        service.stop("x", true, Progress.SILENT);
        assertThat(rig.statuses("x")).hasSize(4);
        start();
        assertThat(look().status()).isEqualTo(Status.RUNNING);
    }

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

    /** Something attached to guests that takes its time to close. */
    private static final class Clinging implements GuestService {
        final CountDownLatch closing = new CountDownLatch(1);
        final CountDownLatch gate = new CountDownLatch(1);

        @Override
        public String title() {
            return "clinging";
        }

        @Override
        public Attachment attach(Guest guest) {
            return () -> {
                closing.countDown();
                try {
                    gate.await();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            };
        }
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

    @Test
    void deleteWhileStarting() throws Exception {
        Starting starting = startingToBoot(new Recorded());
        assertThatThrownBy(() -> service.delete("x", false, Progress.SILENT))
                .hasMessageStartingWith("expected status `Stopped`, got `Starting`");
        assertThat(service.delete("x", true, Progress.SILENT)).isTrue();
        assertThat(starting.outcome()).hasMessageStartingWith("the start of `x` was cancelled");
        assertThat(rig.hypervisor.last().killed).isTrue();
        assertThat(folder.path()).doesNotExist();
        assertThat(service.list()).isEmpty();
        assertThat(service.delete("x", true, Progress.SILENT)).isFalse();
        assertThatThrownBy(() -> service.start("x", Rig.LONG, rig.caller, new Recorded()))
                .hasMessageStartingWith("instance `x` does not exist");
    }

    @Test
    void theProtectedAreNeitherDeletedNorReset() throws Exception {
        start();
        Files.createFile(folder.file("protected"));
        assertThatThrownBy(() -> service.delete("x", true, Progress.SILENT))
                .hasMessageStartingWith("instance is protected to prohibit accidental removal");
        assertThatThrownBy(() -> service.factoryReset("x", Progress.SILENT))
                .hasMessageStartingWith("instance is protected");
        assertThat(look().status()).isEqualTo(Status.RUNNING);
        assertThat(look().isProtected()).isTrue();
    }

    @Test
    void factoryResetKeepsTheConfiguration() throws Exception {
        start();
        service.factoryReset("x", Progress.SILENT);
        assertThat(rig.hypervisor.last().killed).isTrue();
        assertThat(look().status()).isEqualTo(Status.STOPPED);
        assertThat(folder.limaYaml()).hasContent("good");
        assertThat(folder.file("diffdisk")).doesNotExist();
        assertThat(folder.file("ssh_host_ed25519_key")).doesNotExist();
    }

    @Test
    void aMachineThatDiesWhileStartingEndsTheStart() throws Exception {
        Starting starting = startingToBoot(new Recorded());
        rig.hypervisor.last().exited.complete(new Machine.Exit(false, "qemu: out of luck"));
        assertThat(starting.outcome())
                .hasMessage("the machine of instance `x` ended while it was starting\nqemu: out of luck\n"
                        + "Its console is in " + folder.file("serial.log"));
        assertThat(look().status()).as("told when all is over").isEqualTo(Status.STOPPED);
        assertThat(folder.file("ha.pid")).doesNotExist();
        assertThat(rig.statuses("x")).containsExactly(Status.STARTING, Status.STOPPED);
        start();
        assertThat(look().status()).isEqualTo(Status.RUNNING);
    }

    @Test
    void aMachineThatIsGoneAtOnceIsNoRunningOne() throws Exception {
        rig.hypervisor.behaviour = Behaviour.DIES;
        assertThatThrownBy(this::start).hasMessageContaining("qemu: out of luck");
        assertThat(look().status()).isEqualTo(Status.STOPPED);
        rig.hypervisor.behaviour = Behaviour.STARTS;
        start();
        assertThat(look().status()).isEqualTo(Status.RUNNING);
    }

    @Test
    void aMachineThatEndsUnaskedIsStoppedAtOnce() throws Exception {
        start();
        rig.hypervisor.last().exited.complete(new Machine.Exit(false, "killed"));
        assertThat(look().status()).isEqualTo(Status.STOPPED);
        assertThat(rig.events)
                .anySatisfy(e -> assertThat(e)
                        .isInstanceOfSatisfying(
                                InstanceEvent.Trouble.class,
                                t -> assertThat(t.message()).isEqualTo("the machine ended unasked: killed")));
        assertThat(folder.file("ready")).doesNotExist();
    }

    @Test
    void aMachineWhoseEndIsAFaultOfItsDriverIsGoneToo() throws Exception {
        start();
        rig.hypervisor.last().exited.completeExceptionally(new IllegalStateException("driver"));
        assertThat(look().status()).isEqualTo(Status.STOPPED);
    }

    @Test
    void forceHelpsAgainstAStopThatTakesLong() throws Exception {
        start();
        rig.hypervisor.last().stubborn = true;
        Recorded progress = new Recorded("did not power off");
        Thread patient = Thread.ofPlatform().start(() -> {
            try {
                service.stop("x", false, progress);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        Eventually.happens(rig.hypervisor.last().asked, "the stop");
        assertThat(look().status()).isEqualTo(Status.STOPPING);
        assertThatThrownBy(() -> service.stop("x", false, Progress.SILENT))
                .hasMessageStartingWith("instance `x` is being stopped by another command");
        assertThatThrownBy(() -> service.start("x", Rig.LONG, rig.caller, new Recorded()))
                .hasMessageStartingWith("instance `x` is being stopped");
        service.stop("x", true, Progress.SILENT);
        Eventually.ends(patient);
        assertThat(look().status()).isEqualTo(Status.STOPPED);
        assertThat(rig.statuses("x")).endsWith(Status.STOPPING, Status.STOPPED).hasSize(4);
    }

    @Test
    void givingUpAStopLeavesTheMachineRunning() throws Exception {
        start();
        rig.hypervisor.last().stubborn = true;
        Thread patient = Thread.ofPlatform().start(() -> {
            try {
                service.stop("x", false, Progress.SILENT);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        Eventually.happens(rig.hypervisor.last().asked, "the stop");
        patient.interrupt();
        Eventually.ends(patient);
        assertThat(look().status()).isEqualTo(Status.RUNNING);
        assertThat(rig.statuses("x")).endsWith(Status.STOPPING, Status.RUNNING);
    }

    @Test
    void aDriverThatThrowsFailsItsOperationOnly() throws Exception {
        InstanceFolder other = rig.instance("other", "good");
        rig.hypervisor.refusal = new IllegalStateException("a fault of the driver");
        assertThatThrownBy(this::start)
                .isInstanceOf(LimaException.class)
                .hasMessageStartingWith("internal error while starting `x`: java.lang.IllegalStateException: a fault");
        assertThat(look().status()).isEqualTo(Status.STOPPED);
        rig.hypervisor.refusal = null;
        service.start("other", Rig.LONG, rig.caller, new Recorded());
        assertThat(service.find("other").orElseThrow().status()).isEqualTo(Status.RUNNING);
        assertThat(other.file("ha.pid")).exists();
    }

    @Test
    void aDriverThatHangsFailsItsOperationOnly() throws Exception {
        rig.instance("other", "good");
        rig.hypervisor.behaviour = Behaviour.WAITS;
        assertThatThrownBy(() -> service.start("x", Duration.ofMillis(200), rig.caller, new Recorded()))
                .hasMessageContaining("is not ready after");
        Eventually.happens(rig.hypervisor.asked, "the driver's start");
        rig.hypervisor.behaviour = Behaviour.STARTS;
        rig.connector.boot();
        service.start("other", Rig.LONG, rig.caller, new Recorded());
        assertThat(service.list()).extracting(Instance::status).containsExactly(Status.RUNNING, Status.STARTING);
    }

    @Test
    void aMachineThatNobodyWouldKnowOfIsEnded() throws Exception {
        // ha.pid cannot be written where there is a directory of that name.
        Files.createDirectories(folder.file("ha.pid/full"));
        assertThatThrownBy(this::start).hasMessageStartingWith("cannot write " + folder.file("ha.pid"));
        assertThat(rig.hypervisor.last().killed).isTrue();
        assertThat(look().status()).isEqualTo(Status.STOPPED);
    }

    @Test
    void aFailedStartHoldsNoPort() throws Exception {
        try (ReservedPort reserved = new ReservedPort()) {
            aFailedStartHoldsNoPort(reserved.number());
        }
    }

    private void aFailedStartHoldsNoPort(int port) throws Exception {
        rig.instance("one", "port " + port);
        rig.instance("two", "port " + port);
        rig.drivers.removeHypervisor(rig.hypervisor);
        assertThatThrownBy(() -> service.start("one", Rig.LONG, rig.caller, new Recorded()))
                .hasMessageStartingWith("no driver for vmType `fake` is installed");
        rig.install();
        rig.connector.boot();
        service.start("two", Rig.LONG, rig.caller, new Recorded());
        assertThat(service.find("two").orElseThrow().sshPort()).isEqualTo(port);
    }

    @Test
    void aPortThatIsLostInBetweenIsChosenAnew() throws Exception {
        rig.hypervisor.refusal = new LimaException("q", "Could not set up host forwarding rule 'tcp'", null, null);
        assertThatThrownBy(this::start).hasMessageStartingWith("q\n");
        assertThat(rig.events.stream()
                        .filter(e -> e instanceof InstanceEvent.StepBegun s
                                && s.step().equals("Starting the machine")))
                .hasSize(3);
    }

    @Test
    void oneBadFileHidesNoOtherInstance() throws Exception {
        rig.instance("bad", "invalid");
        rig.instance("worse", "crash");
        Files.createDirectory(path.resolve("empty"));
        List<Instance> all = service.list();
        assertThat(all).extracting(Instance::name).containsExactly("bad", "empty", "worse", "x");
        assertThat(all)
                .extracting(Instance::status)
                .containsExactly(Status.BROKEN, Status.BROKEN, Status.BROKEN, Status.STOPPED);
        assertThat(all.get(0).errors()).singleElement().asString().endsWith("lima.yaml:1:1: not a mapping");
        assertThat(all.get(1).errors()).singleElement().asString().startsWith("instance `empty` has no lima.yaml");
        assertThat(all.get(2).errors()).singleElement().asString().contains("a fault of the reader");
        assertThat(service.delete("worse", false, Progress.SILENT)).isTrue();
    }

    @Test
    void troubleOfTheHostIsShownWhileItLasts() throws Exception {
        start();
        Machine.Listener listener = rig.hypervisor.last().listener;
        listener.happened(new Machine.DiskTrouble("boot", "No space left on device", true));
        assertThat(look().errors()).singleElement().asString().contains("the host's disk is full");
        listener.happened(new Machine.Resumed());
        assertThat(look().errors()).isEmpty();
        listener.happened(new Machine.Panicked());
        assertThat(look().errors()).singleElement().asString().contains("kernel has panicked");
    }

    @Test
    void aConnectionMadeWhileTheMachineEndedIsClosed() throws Exception {
        start();
        rig.connector.connections.getFirst().close();
        rig.connector.whileConnecting = () -> rig.hypervisor.last().kill();
        assertThatThrownBy(() -> service.connection("x")).hasMessageStartingWith("instance `x` does not run");
        assertThat(rig.connector.connections).hasSize(2).noneMatch(FakeConnection::isOpen);
    }

    @Test
    void creationIsRefusedBeforeAnythingIsMade() {
        assertThatThrownBy(() -> service.create("x", "good", "s", rig.caller, Progress.SILENT))
                .hasMessageStartingWith("instance `x` already exists");
        assertThatThrownBy(() -> service.create("a/b", "good", "s", rig.caller, Progress.SILENT))
                .hasMessageContaining("is not valid");
        assertThatThrownBy(() -> service.create("new", "invalid", "s", rig.caller, Progress.SILENT))
                .hasMessage("s:1:1: not a mapping");
        assertThatThrownBy(() -> service.create("new", "crash", "s", rig.caller, Progress.SILENT))
                .hasMessage("a fault of the reader");
        rig.drivers.removeHypervisor(rig.hypervisor);
        assertThatThrownBy(() -> service.create("new", "good", "s", rig.caller, Progress.SILENT))
                .hasMessageStartingWith("no driver for vmType `fake`");
        assertThat(service.list()).extracting(Instance::name).containsExactly("x");
        assertThat(path.resolve(".new.new")).doesNotExist();
    }
}
