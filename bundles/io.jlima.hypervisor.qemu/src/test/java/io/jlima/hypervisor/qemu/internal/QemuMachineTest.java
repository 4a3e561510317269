// SPDX-License-Identifier: Apache-2.0
package io.jlima.hypervisor.qemu.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jlima.api.HostEnvironment;
import io.jlima.api.LimaException;
import io.jlima.api.machine.Device;
import io.jlima.api.machine.Machine;
import io.jlima.api.machine.MachineSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Real machines, with guests of a few bytes. */
@Timeout(180)
class QemuMachineTest extends SmallMachines {
    private static Map<String, String> procStatus(long pid) throws IOException {
        Map<String, String> values = new HashMap<>();
        for (String line : Files.readAllLines(Path.of("/proc", Long.toString(pid), "status"))) {
            String[] parts = line.split(":\\s*", 2);
            values.put(parts[0], parts[1]);
        }
        return values;
    }

    private static String permissions(Path file) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
    }

    @Test
    void startsAProcessThatStandsAlone() throws Exception {
        Path work = Files.createDirectory(home.resolve("work"));
        Map<String, String> variables = new HashMap<>(caller().variables());
        variables.put("ONLY_OF_THE_CALLER", "yes");
        HostEnvironment caller = new HostEnvironment(variables, work, 0027);
        Path serial = directory.resolve("serial.sock");
        Path port = directory.resolve("ga.sock");
        MachineSpec spec = spec(
                BootSector.IDLE,
                new Device.Console(Device.ConsoleKind.SERIAL, directory.resolve("serial.log"), serial),
                new Device.GuestPort("io.lima-vm.guest_agent.0", port),
                new Device.SharedDirectory("t0", work, true, new Device.NineP("mapped-xattr")));

        Machine machine = start(spec, caller);

        long pid = machine.identity().pid();
        Path proc = Path.of("/proc", Long.toString(pid));
        String stat = Files.readString(proc.resolve("stat"));
        String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
        assertThat(fields[3]).as("session").isEqualTo(Long.toString(pid));
        assertThat(Long.parseLong(fields[19]))
                .isEqualTo(machine.identity().startTime())
                .isPositive();
        assertThat(procStatus(pid)).containsEntry("Umask", "0027");
        assertThat(proc.resolve("cwd").toRealPath()).isEqualTo(work.toRealPath());
        assertThat(Files.readString(proc.resolve("environ")).split("\0")).contains("ONLY_OF_THE_CALLER=yes");
        assertThat(proc.resolve("fd/0").toRealPath()).isEqualTo(Path.of("/dev/null"));
        assertThat(proc.resolve("fd/1").toRealPath())
                .isEqualTo(directory.resolve("qemu.log").toRealPath());
        assertThat(permissions(directory.resolve("qemu.log"))).isEqualTo("rw-------");
        assertThat(List.of(serial, port, directory.resolve("qmp.sock")))
                .allSatisfy(socket -> assertThat(permissions(socket)).isEqualTo("rw-------"));
        assertThat(directory.resolve("qemu.pid")).content().isEqualTo(pid + "\n");
        assertThat(machine.accelerator()).startsWith("TCG: this host has no ");

        machine.kill();
        assertThat(end(machine)).isEqualTo(new Machine.Exit(true, ""));
        assertThat(HostProcess.look(pid)).isEmpty();
        for (String trace : List.of("qmp.sock", "qemu.pid", "qemu.identity")) {
            assertThat(directory.resolve(trace)).doesNotExist();
        }
    }

    @Test
    void aSecondMachineOfAnInstanceIsRefused() throws Exception {
        Machine machine = start(BootSector.IDLE);

        assertThatThrownBy(() -> start(BootSector.IDLE))
                .isInstanceOf(LimaException.class)
                .hasMessageContaining("runs already");
        assertThat(HostProcess.isAlive(machine.identity())).isTrue();
        assertThat(directory.resolve("qmp.sock")).exists();
        machine.kill();
    }

    @Test
    void aDiskInUseIsExplained() throws Exception {
        MachineSpec first = spec(BootSector.IDLE);
        Machine machine = start(first, caller());
        MachineSpec second = new MachineSpec(
                "y",
                Files.createDirectory(home.resolve("y")),
                first.arch(),
                1,
                first.memory(),
                first.boot(),
                first.devices(),
                Map.of());

        assertThatThrownBy(() -> start(second, caller()))
                .isInstanceOf(LimaException.class)
                .hasMessageContaining("Another process uses that disk");
        machine.kill();
    }

    @Test
    void theWayToADisplayIsWrittenDown() throws Exception {
        Machine machine = start(spec(BootSector.IDLE, new Device.Display("vnc", "127.0.0.1:50,to=99")), caller());

        assertThat(Files.readString(directory.resolve("vncdisplay"))).matches("127\\.0\\.0\\.1:[5-9]\\d");
        assertThat(Files.readString(directory.resolve("vncpassword"))).hasSize(8);
        assertThat(permissions(directory.resolve("vncpassword"))).isEqualTo("rw-------");
        machine.kill();
        assertThat(directory.resolve("vncpassword")).doesNotExist();
    }

    @Test
    void aGuestThatTurnsItselfOff() throws Exception {
        Machine machine = start(BootSector.TURNS_OFF);

        assertThat(await(Machine.ShuttingDown.class).byGuest()).isTrue();
        assertThat(end(machine)).isEqualTo(new Machine.Exit(true, ""));
        assertThat(HostProcess.isAlive(machine.identity())).isFalse();
        assertThat(directory.resolve("qemu.identity")).doesNotExist();
    }

    @Test
    void aGuestThatHeedsThePowerButton() throws Exception {
        Machine machine = start(BootSector.HEEDS_POWER_BUTTON);

        assertThat(machine.powerOff(Duration.ofSeconds(LONG_SECONDS))).isTrue();
        assertThat(end(machine).asked()).isTrue();
        assertThat(await(Machine.ShuttingDown.class).byGuest()).isFalse();
    }

    @Test
    void aGuestThatDoesNotHeedThePowerButton() throws Exception {
        Machine machine = start(BootSector.IDLE);

        assertThat(machine.powerOff(Duration.ofMillis(200))).isFalse();
        assertThat(HostProcess.isAlive(machine.identity())).isFalse();
        assertThat(end(machine).asked()).isTrue();
    }

    @Test
    void aGuestThatResetsItself() throws Exception {
        Machine machine = start(BootSector.RESETS);

        assertThat(await(Machine.Reset.class)).isNotNull();
        machine.kill();
    }

    @Test
    void aGuestThatPanicsRunsOn() throws Exception {
        Machine machine = start(BootSector.PANICS);

        assertThat(await(Machine.Panicked.class)).isNotNull();
        assertThat(machine.powerOff(Duration.ofMillis(1))).isFalse();
    }

    @Test
    void aFullDiskPausesTheMachineUntilThereIsSpace() throws Exception {
        Path full = Files.write(home.resolve("full.raw"), new byte[1024 * 1024]);
        // The first write fails as it does on a full file system; the second one goes through.
        String qemu = "qemu-system-x86_64 -drive if=none,id=full,format=raw,file.driver=blkdebug"
                + ",file.image.driver=file,file.image.filename=" + full
                + ",file.inject-error.0.event=none,file.inject-error.0.iotype=write"
                + ",file.inject-error.0.errno=28,file.inject-error.0.once=on"
                + " -device virtio-blk-pci,drive=full,werror=enospc";
        Machine machine = start(spec(BootSector.WRITES), caller("QEMU_SYSTEM_X86_64", qemu));

        Machine.DiskTrouble trouble = await(Machine.DiskTrouble.class);
        assertThat(trouble.noSpace()).isTrue();
        assertThat(trouble.device()).isEqualTo("full");
        assertThat(await(Machine.Paused.class)).isNotNull();
        assertThat(await(Machine.Resumed.class)).isNotNull();
        assertThat(end(machine).asked()).isTrue();
        assertThat(Files.readAllBytes(full)).as("the sector that was written").contains(0x31, 512);
    }

    @Test
    void aMachineKilledFromOutside() throws Exception {
        Machine machine = start(BootSector.IDLE);

        ProcessHandle.of(machine.identity().pid()).orElseThrow().destroyForcibly();

        assertThat(end(machine).asked()).isFalse();
        assertThat(directory.resolve("qemu.identity")).doesNotExist();
    }

    @Test
    void aMachineTerminatedFromOutsideSaysByWhom() throws Exception {
        Machine machine = start(BootSector.IDLE);

        ProcessHandle.of(machine.identity().pid()).orElseThrow().destroy();

        assertThat(end(machine).asked()).isTrue();
        assertThat(QemuLog.in(directory).words(0)).contains("terminating on signal 15");
    }
}
