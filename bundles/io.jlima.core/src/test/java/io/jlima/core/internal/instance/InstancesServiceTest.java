// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.instance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jlima.api.LimaException;
import io.jlima.api.Progress;
import io.jlima.api.instance.Instance;
import io.jlima.api.instance.Instance.Status;
import io.jlima.api.instance.InstanceEvent;
import io.jlima.api.machine.Machine;
import io.jlima.api.ssh.SshConnection;
import io.jlima.core.internal.instance.Rig.Starting;
import io.jlima.testing.ReservedPort;
import java.nio.file.Files;
import java.util.List;
import org.junit.jupiter.api.Test;

class InstancesServiceTest extends RiggedInstances {
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
        listener.happened(new Machine.Resumed());
        assertThat(look().errors()).hasSize(1);
        listener.happened(new Machine.Reset());
        assertThat(look().errors()).isEmpty();
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
