// SPDX-License-Identifier: Apache-2.0
package io.jlima.hypervisor.qemu.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.jlima.api.machine.Machine;
import java.nio.file.Files;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Machines whose daemon has gone, in the hands of the next one. */
@Timeout(180)
class MachineAdoptionTest extends SmallMachines {
    @Test
    void isAdoptedAfterItsRelease() throws Exception {
        Machine first = start(BootSector.HEEDS_POWER_BUTTON);
        first.release();

        Machine second = adopt().orElseThrow();
        assertThat(second.identity()).isEqualTo(first.identity());
        assertThat(second.accelerator()).isEqualTo(first.accelerator());
        assertThat(second.powerOff(Duration.ofSeconds(LONG_SECONDS))).isTrue();
        assertThat(HostProcess.isAlive(second.identity())).isFalse();
        assertThat(adopt()).isEmpty();
    }

    @Test
    void isAdoptedWhilePaused() throws Exception {
        QemuMachine first = (QemuMachine) start(BootSector.HEEDS_POWER_BUTTON);
        first.execute("stop", Map.of());
        await(Machine.Paused.class);
        first.release();

        Machine second = adopt().orElseThrow();
        assertThat(await(Machine.Paused.class)).isNotNull();
        assertThat(second.powerOff(Duration.ofSeconds(LONG_SECONDS))).isTrue();
    }

    @Test
    void anAdoptedMachineKilledFromOutside() throws Exception {
        start(BootSector.IDLE).release();
        Machine second = adopt().orElseThrow();

        ProcessHandle.of(second.identity().pid()).orElseThrow().destroyForcibly();

        assertThat(end(second)).isEqualTo(new Machine.Exit(false, ""));
    }

    @Test
    void aMachineOfLimaIsAdoptedByItsPidFile() throws Exception {
        Machine first = start(BootSector.IDLE);
        first.release();
        Files.delete(directory.resolve("qemu.identity"));

        Machine second = adopt().orElseThrow();
        assertThat(second.identity()).isEqualTo(first.identity());
        assertThat(second.accelerator()).isEqualTo("TCG");
        second.kill();
        assertThat(HostProcess.isAlive(second.identity())).isFalse();
    }

    @Test
    void aMachineOfAnotherNameIsNotAdopted() throws Exception {
        Machine other = start(BootSector.IDLE);
        other.release();
        Files.delete(directory.resolve("qemu.identity"));

        assertThat(hypervisor().adopt("another", directory, events::add)).isEmpty();
        assertThat(HostProcess.isAlive(other.identity())).isTrue();
    }

    @Test
    void aPidUsedAgainIsNoMatch() throws Exception {
        Process stranger = new ProcessBuilder("sleep", "60").start();
        pids.add(stranger.pid());
        Machine.ProcessIdentity identity = HostProcess.look(stranger.pid()).orElseThrow();
        Files.writeString(directory.resolve("qemu.pid"), stranger.pid() + "\n");
        new RunRecord(
                        new Machine.ProcessIdentity(identity.pid(), identity.startTime() - 1),
                        RunRecord.hostBoot(),
                        "TCG",
                        0)
                .write(directory);

        assertThat(adopt()).isEmpty();
        assertThat(stranger.isAlive()).isTrue();
        assertThat(directory).isEmptyDirectory();

        new RunRecord(identity, "an-earlier-boot", "TCG", 0).write(directory);
        assertThat(adopt()).isEmpty();
        assertThat(stranger.isAlive()).isTrue();
    }

    @Test
    void aMachineThatDoesNotAnswerIsStillAMachine() throws Exception {
        Machine first = start(BootSector.IDLE);
        first.release();
        // Nobody can connect to the monitor any more, but the process is known by its start time.
        Files.delete(directory.resolve("qmp.sock"));

        Machine second = adopt().orElseThrow();
        assertThat(second.powerOff(Duration.ofMillis(100))).isFalse();
        assertThat(HostProcess.isAlive(first.identity())).isFalse();
    }

    @Test
    void aLostMonitorConnectionIsMadeAnew() throws Exception {
        QemuMachine machine = (QemuMachine) start(BootSector.HEEDS_POWER_BUTTON);

        machine.dropMonitor();

        assertThat(machine.powerOff(Duration.ofSeconds(LONG_SECONDS))).isTrue();
    }

    @Test
    void staleFilesAreNoHindrance() throws Exception {
        Files.writeString(directory.resolve("qemu.pid"), "1\n");
        Files.writeString(directory.resolve("qmp.sock"), "");
        Files.writeString(directory.resolve("qemu.identity"), "nonsense");

        Machine machine = start(BootSector.IDLE);

        machine.kill();
    }
}
