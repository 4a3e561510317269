// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.instance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jlima.api.Progress;
import io.jlima.api.instance.Instance;
import io.jlima.api.instance.Instance.Status;
import io.jlima.api.machine.Machine;
import io.jlima.core.internal.instance.Rig.Starting;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A daemon has ended and left machines; what the next one makes of them. */
class AdoptionTest {
    @TempDir
    Path path;

    private Rig rig;
    private InstancesService first;
    private InstanceFolder folder;

    @BeforeEach
    void open() throws Exception {
        rig = new Rig(path);
        rig.install();
        folder = rig.instance("x", "good");
        first = rig.service();
    }

    @AfterEach
    void close() throws InterruptedException {
        rig.close();
    }

    private int start() throws InterruptedException {
        rig.connector.boot();
        first.start("x", Rig.LONG, rig.caller, new Recorded());
        return first.find("x").orElseThrow().sshPort();
    }

    private static Instance look(InstancesService service) {
        return service.find("x").orElseThrow();
    }

    @Test
    void aReadyMachineIsReady() throws Exception {
        int port = start();
        first.release();
        FakeMachine machine = rig.hypervisor.last();
        assertThat(machine.released).isTrue();
        assertThat(machine.killed).isFalse();
        assertThat(folder.file("ha.pid")).exists();
        assertThat(rig.connector.connections).noneMatch(FakeConnection::isOpen);

        InstancesService second = rig.service();
        assertThat(look(second).status()).isEqualTo(Status.RUNNING);
        assertThat(look(second).sshPort()).isEqualTo(port);
        assertThat(look(second).driverPid()).isEqualTo(machine.identity().pid());
        second.start("x", Rig.LONG, rig.caller, new Recorded());
        assertThat(rig.connector.connections).as("no need to ask the guest").hasSize(1);
        assertThat(second.connection("x").isOpen()).isTrue();
        second.stop("x", false, Progress.SILENT);
        assertThat(machine.exited).isCompleted();
        assertThat(look(second).status()).isEqualTo(Status.STOPPED);
    }

    @Test
    void aMachineThatWasNotReadyIsMet() throws Exception {
        Starting starting = rig.starting(first, "x", new Recorded());
        Eventually.happens(rig.connector.waiting, "the wait for the guest");
        first.release();
        assertThat(starting.outcome()).hasMessageStartingWith("the start of `x` was cancelled");

        InstancesService second = rig.service();
        assertThat(look(second).status()).as("its start goes on by itself").isEqualTo(Status.STARTING);
        rig.connector.boot();
        second.start("x", Rig.LONG, rig.caller, new Recorded());
        assertThat(rig.hypervisor.machines).hasSize(1);
        assertThat(rig.connector.connections).isNotEmpty();
        assertThat(folder.file("ready"))
                .hasContent(rig.hypervisor.last().identity().pid() + " "
                        + rig.hypervisor.last().identity().startTime());
    }

    @Test
    void anotherMachinesMarkDoesNotCount() throws Exception {
        start();
        first.release();
        folder.write("ready", "1001 1\n", "rw-r--r--");
        int before = rig.connector.connections.size();
        InstancesService second = rig.service();
        second.start("x", Rig.LONG, rig.caller, new Recorded());
        assertThat(rig.connector.connections).as("the guest was asked").hasSizeGreaterThan(before);
    }

    @Test
    void aHypervisorThatComesLaterAdopts() throws Exception {
        start();
        first.release();
        rig.drivers.removeHypervisor(rig.hypervisor);
        InstancesService second = rig.service();
        assertThat(look(second).status()).isEqualTo(Status.STOPPED);
        rig.install();
        assertThat(look(second).status()).isEqualTo(Status.RUNNING);
        rig.hypervisor.last().exited.complete(new Machine.Exit(true, ""));
        assertThat(look(second).status()).isEqualTo(Status.STOPPED);
    }

    @Test
    void aServiceThatWasLetGoAdoptsNothingMore() throws Exception {
        start();
        first.release();
        rig.drivers.removeHypervisor(rig.hypervisor);
        Files.delete(folder.file("ha.pid"));
        rig.install();
        assertThat(folder.file("ha.pid")).doesNotExist();
    }

    @Test
    void aMachineStaysWhenItsDriverGoesAndIsFoundByTheNext() throws Exception {
        int port = start();
        FakeMachine machine = rig.hypervisor.last();
        rig.drivers.removeHypervisor(rig.hypervisor);
        assertThat(machine.released).isTrue();
        assertThat(machine.killed).isFalse();
        assertThat(look(first).status()).isEqualTo(Status.RUNNING);
        assertThat(look(first).errors()).singleElement().asString().contains("the driver for it is gone");
        assertThatThrownBy(() -> first.start("x", Rig.LONG, rig.caller, new Recorded()))
                .hasMessageContaining("the driver for it is gone");
        assertThatThrownBy(() -> first.delete("x", true, Progress.SILENT))
                .hasMessageContaining("the driver for it is gone");
        assertThat(folder.file("lima.yaml")).exists();

        rig.install();
        assertThat(look(first).status()).isEqualTo(Status.RUNNING);
        assertThat(look(first).errors()).isEmpty();
        assertThat(look(first).sshPort()).isEqualTo(port);
        assertThat(first.connection("x").isOpen()).isTrue();
        assertThat(rig.hypervisor.machines).as("none was started").hasSize(1);
    }

    @Test
    void aDriverThatThrowsKeepsNobodyFromServing() throws Exception {
        rig.hypervisor.adoptThrows = true;
        InstancesService second = rig.service();
        assertThat(look(second).status()).isEqualTo(Status.STOPPED);
        rig.drivers.removeHypervisor(rig.hypervisor);
        rig.install();
        assertThat(look(second).status()).isEqualTo(Status.STOPPED);
    }

    @Test
    void aMachineIsAdoptedThoughItsFilesCannotBeMade() throws Exception {
        int port = start();
        first.release();
        Files.delete(folder.file("ha.pid"));
        Files.createDirectories(folder.file("ha.pid/full"));
        InstancesService second = rig.service();
        assertThat(look(second).status()).isEqualTo(Status.RUNNING);
        assertThat(look(second).sshPort()).isEqualTo(port);
        assertThat(second.connection("x").isOpen()).isTrue();
        second.stop("x", false, Progress.SILENT);
        assertThat(look(second).status()).isEqualTo(Status.STOPPED);
    }

    @Test
    void aMachineBeingStartedIsNotAdopted() throws Exception {
        // Another driver of the same word arrives and looks while a start is under way.
        Starting starting = rig.starting(first, "x", new Recorded());
        Eventually.happens(rig.connector.waiting, "the wait for the guest");
        rig.install();
        assertThat(look(first).status()).isEqualTo(Status.STARTING);
        assertThat(rig.hypervisor.last().released).isFalse();
        rig.connector.boot();
        assertThat(starting.outcome()).isNull();
    }

    @Test
    void aMachineThatNobodyOfOursHasStartedIsNotMet() throws Exception {
        start();
        first.release();
        Files.delete(folder.file("ready"));
        Files.delete(folder.file("instance-id"));
        InstancesService second = rig.service();
        assertThatThrownBy(() -> second.start("x", Rig.LONG, rig.caller, new Recorded()))
                .hasMessageStartingWith("the machine of instance `x` runs, but it was not jlima that started it");
        assertThat(look(second).status()).isEqualTo(Status.RUNNING);
    }
}
