// SPDX-License-Identifier: Apache-2.0
package io.jlima.hypervisor.qemu.internal;

import io.jlima.testing.ReservedPort;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jlima.api.Arch;
import io.jlima.api.HostEnvironment;
import io.jlima.api.LimaException;
import io.jlima.api.Progress;
import io.jlima.api.machine.Device;
import io.jlima.api.machine.HostForwards;
import io.jlima.api.machine.Machine;
import io.jlima.api.machine.Machine.Event;
import io.jlima.api.machine.MachineSpec;
import java.io.IOException;
import java.net.ConnectException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Real machines, with guests of a few bytes. */
@Timeout(180)
class QemuMachineTest {
    /** Far more than any of these machines needs, even on a loaded host. */
    private static final int LONG_SECONDS = 60;

    @TempDir
    Path home = Path.of("unset");

    private Path directory = Path.of("unset");
    private final BlockingQueue<Event> events = new LinkedBlockingQueue<>();
    private final List<Long> pids = new ArrayList<>();

    @BeforeEach
    void makeInstance() throws IOException {
        // A comma separates options of QEMU, a space words of a shell.
        directory = Files.createDirectories(home.resolve("my, vm"));
    }

    @AfterEach
    void endProcesses() {
        for (long pid : pids) {
            ProcessHandle.of(pid).ifPresent(process -> {
                process.destroyForcibly();
                process.onExit().join();
            });
        }
    }

    private HostEnvironment caller(String... namesAndValues) {
        return Caller.in(home, namesAndValues);
    }

    private MachineSpec spec(BootSector guest, Device... more) throws IOException {
        List<Device> devices = new ArrayList<>(List.of(more));
        devices.add(new Device.Disk(Device.DiskRole.BOOT, guest.write(directory.resolve("disk")), "raw", false));
        return new MachineSpec(
                "x",
                directory,
                Arch.X86_64,
                1,
                64L * 1024 * 1024,
                new MachineSpec.LegacyBios(),
                devices,
                Map.of("cpuType", Map.of("x86_64", "max")));
    }

    /** No KVM, so that each host does the same. */
    private QemuHypervisor hypervisor() {
        return new QemuHypervisor(HostOs.LINUX, Arch.X86_64, home);
    }

    private Machine start(MachineSpec spec, HostEnvironment caller) {
        Machine machine = hypervisor().start(spec, caller, events::add, Progress.SILENT);
        pids.add(machine.identity().pid());
        return machine;
    }

    private Machine start(BootSector guest) throws IOException {
        return start(spec(guest), caller());
    }

    private Optional<Machine> adopt() {
        Optional<Machine> machine = hypervisor().adopt("x", directory, events::add);
        machine.ifPresent(m -> pids.add(m.identity().pid()));
        return machine;
    }

    private <T extends Event> T await(Class<T> type) throws InterruptedException {
        while (true) {
            Event event = events.poll(LONG_SECONDS, TimeUnit.SECONDS);
            assertThat(event).as("a " + type.getSimpleName()).isNotNull();
            if (type.isInstance(event)) {
                return type.cast(event);
            }
        }
    }

    private static Machine.Exit end(Machine machine) throws Exception {
        return machine.exited().toCompletableFuture().get(LONG_SECONDS, TimeUnit.SECONDS);
    }

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

    /** Adds a forward of UDP at some port that is free: QEMU asks for such a one in a way that does not let it be held. */
    private static HostForwards.Forward addUdp(HostForwards forwards) throws Exception {
        IOException last = new IOException("no try");
        for (int attempt = 0; attempt < 10; attempt++) {
            int port;
            try (DatagramSocket socket = new DatagramSocket(0, InetAddress.ofLiteral("127.0.0.1"))) {
                port = socket.getLocalPort();
            }
            HostForwards.Forward udp = new HostForwards.Forward(true, "127.0.0.1", port, 53);
            try {
                forwards.add(udp);
                return udp;
            } catch (IOException e) {
                last = e;
            }
        }
        throw last;
    }

    private static boolean listens(int port) throws IOException {
        try (Socket socket = new Socket("127.0.0.1", port)) {
            return socket.isConnected();
        } catch (ConnectException e) {
            return false;
        }
    }

    /** Forwards come and go while the machine runs, and stay when the daemon ends. */
    @Test
    void hostForwards() throws Exception {
        try (ReservedPort ssh = new ReservedPort();
                ReservedPort tcp = new ReservedPort();
                ReservedPort all = new ReservedPort()) {
            hostForwards(ssh.number(), tcp.number(), all.number());
        }
    }

    private void hostForwards(int ssh, int tcpPort, int allPort) throws Exception {
        Machine machine = start(
                spec(
                        BootSector.IDLE,
                        new Device.Nic(
                                "eth0",
                                "52:55:55:00:00:01",
                                new Device.UserMode(
                                        "192.168.5.0/24",
                                        "192.168.5.2",
                                        "192.168.5.3",
                                        "192.168.5.15",
                                        List.of(new Device.HostForward("127.0.0.1", ssh, 22))))),
                caller());
        HostForwards forwards = machine.as(HostForwards.class).orElseThrow();
        HostForwards.Forward toSsh = new HostForwards.Forward(false, "127.0.0.1", ssh, 22);
        HostForwards.Forward tcp = new HostForwards.Forward(false, "127.0.0.1", tcpPort, 80);
        HostForwards.Forward all = new HostForwards.Forward(false, "0.0.0.0", allPort, 81);

        assertThat(forwards.guestAddress()).contains("192.168.5.15");
        assertThat(forwards.list()).containsExactly(toSsh);
        assertThat(listens(tcp.hostPort())).isFalse();
        forwards.add(tcp);
        assertThat(listens(tcp.hostPort())).isTrue();
        HostForwards.Forward udp = addUdp(forwards);
        forwards.add(all);
        assertThat(forwards.list()).containsExactlyInAnyOrder(toSsh, tcp, udp, all);
        assertThatThrownBy(() -> forwards.add(tcp))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(Integer.toString(tcp.hostPort()));

        machine.release();
        HostForwards again = adopt().orElseThrow().as(HostForwards.class).orElseThrow();
        assertThat(again.list()).containsExactlyInAnyOrder(toSsh, tcp, udp, all);
        again.remove(tcp);
        again.remove(udp);
        again.remove(all);
        again.remove(all);
        assertThat(again.list()).containsExactly(toSsh);
        assertThat(listens(tcp.hostPort())).isFalse();
    }

    @Test
    void withoutANetworkThereAreNoForwards() throws Exception {
        HostForwards forwards = start(BootSector.IDLE).as(HostForwards.class).orElseThrow();

        assertThat(forwards.guestAddress()).isEmpty();
        assertThat(forwards.list()).isEmpty();
    }
}
