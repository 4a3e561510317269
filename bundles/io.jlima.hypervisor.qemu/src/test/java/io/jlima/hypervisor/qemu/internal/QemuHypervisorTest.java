// SPDX-License-Identifier: Apache-2.0
package io.jlima.hypervisor.qemu.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jlima.api.Arch;
import io.jlima.api.HostEnvironment;
import io.jlima.api.LimaException;
import io.jlima.api.Progress;
import io.jlima.api.machine.Device;
import io.jlima.api.machine.MachineSpec;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What can go wrong, with a shell script in place of QEMU. */
@Timeout(180)
class QemuHypervisorTest {
    private static final String VERSION = "[ \"$1\" = --version ] && echo 'QEMU emulator version 7.2.0' && exit 0\n";

    @TempDir
    Path home = Path.of("unset");

    private Path directory = Path.of("unset");

    @BeforeEach
    void makeInstance() throws IOException {
        directory = Files.createDirectory(home.resolve("x"));
    }

    private MachineSpec spec(Map<String, Object> options, Device... devices) {
        return new MachineSpec(
                "x",
                directory,
                Arch.X86_64,
                1,
                64L * 1024 * 1024,
                new MachineSpec.LegacyBios(),
                List.of(devices),
                options);
    }

    private QemuHypervisor hypervisor() {
        return new QemuHypervisor(HostOs.LINUX, Arch.X86_64, home);
    }

    private HostEnvironment caller(String script) throws IOException {
        Path program = Caller.program(home.resolve("bin"), script);
        return Caller.in(home, "QEMU_SYSTEM_X86_64", program.toString());
    }

    private void start(MachineSpec spec, HostEnvironment caller) {
        hypervisor().start(spec, caller, event -> {}, Progress.SILENT);
    }

    @Test
    void aProgramThatEndsAtOnceIsQuoted() throws IOException {
        HostEnvironment caller = caller(VERSION + "echo 'could not open disk image' >&2; exit 3");
        Files.writeString(directory.resolve("qemu.log"), "words of an earlier run\n");

        assertThatThrownBy(() -> start(spec(Map.of()), caller))
                .isInstanceOf(LimaException.class)
                .hasMessageContaining("exit code 3")
                .hasMessageContaining("could not open disk image")
                .hasMessageContaining("qemu.log")
                .hasMessageNotContaining("earlier run");
        assertThat(directory.toFile().list()).containsExactly("qemu.log");
    }

    @Test
    void theRealProgramIsQuotedToo() {
        Device missing = new Device.Disk(Device.DiskRole.BOOT, directory.resolve("disk"), "qcow2", false);

        assertThatThrownBy(() -> start(spec(Map.of(), missing), Caller.in(home)))
                .isInstanceOf(LimaException.class)
                .hasMessageContaining("exit code 1")
                .hasMessageContaining("No such file or directory");
        assertThat(directory.toFile().list()).containsExactly("qemu.log");
    }

    @Test
    void aPortThatIsTakenIsExplained() throws IOException {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            Device.UserMode user = new Device.UserMode(
                    "192.168.5.0/24",
                    "192.168.5.2",
                    "192.168.5.3",
                    "192.168.5.15",
                    List.of(new Device.HostForward("127.0.0.1", taken.getLocalPort(), 22)));

            assertThatThrownBy(() ->
                            start(spec(Map.of(), new Device.Nic("eth0", "52:55:55:3e:98:3a", user)), Caller.in(home)))
                    .isInstanceOf(LimaException.class)
                    .hasMessageContaining(":" + taken.getLocalPort() + "-")
                    .hasMessageContaining("ssh.localPort");
        }
    }

    @Test
    void aStartThatIsGivenUpLeavesNothing() throws Exception {
        Path started = home.resolve("started");
        HostEnvironment caller =
                caller(VERSION + "mkfifo '" + started + "'; echo $$ > '" + started + "'; exec sleep 60");
        CompletableFuture<Void> outcome = new CompletableFuture<>();
        Thread starter = Thread.ofPlatform().start(() -> {
            try {
                start(spec(Map.of()), caller);
                outcome.complete(null);
            } catch (LimaException e) {
                outcome.completeExceptionally(e);
            }
        });
        long pid = pidFrom(started);

        starter.interrupt();

        assertThatThrownBy(() -> outcome.get(60, TimeUnit.SECONDS))
                .isInstanceOf(ExecutionException.class)
                .hasMessageContaining("given up");
        assertThat(HostProcess.look(pid)).isEmpty();
        assertThat(directory.toFile().list()).containsExactly("qemu.log");
    }

    /** Reads the pipe that the script makes; opening it waits for the writer. */
    private static long pidFrom(Path pipe) throws IOException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (!Files.exists(pipe)) {
            assertThat(System.nanoTime()).isLessThan(deadline);
            Thread.onSpinWait();
        }
        return Long.parseLong(Files.readString(pipe).strip());
    }

    @Test
    void anOldProgramIsRefused() throws IOException {
        HostEnvironment old = caller("echo 'QEMU emulator version 3.1.0'");
        assertThatThrownBy(() -> hypervisor().validate(spec(Map.of()), old))
                .isInstanceOf(LimaException.class)
                .hasMessageContaining("QEMU 3.1.0 is too old")
                .hasMessageContaining("QEMU_SYSTEM_X86_64");

        HostEnvironment middling = caller("echo 'QEMU emulator version 7.2.0'");
        hypervisor().validate(spec(Map.of("minimumVersion", "7.2")), middling);
        assertThatThrownBy(() -> hypervisor().validate(spec(Map.of("minimumVersion", "8.2.1")), middling))
                .isInstanceOf(LimaException.class)
                .hasMessageContaining("vmOpts.qemu.minimumVersion is 8.2.1");
        assertThatThrownBy(() -> hypervisor().validate(spec(Map.of("minimumVersion", "new")), middling))
                .isInstanceOf(LimaException.class)
                .hasMessageContaining("not a version: new");
    }

    @Test
    void aMissingProgramIsNamed() throws IOException {
        HostEnvironment caller = Caller.in(
                home, "PATH", Files.createDirectory(home.resolve("empty")).toString());

        assertThatThrownBy(() -> hypervisor().validate(spec(Map.of()), caller))
                .isInstanceOf(LimaException.class)
                .hasMessageContaining("qemu-system-x86");
    }

    @Test
    void aSocketPathThatIsTooLongIsRefused() throws IOException {
        HostEnvironment caller = caller("echo 'QEMU emulator version 7.2.0'");
        int free = 107 - directory.toString().length() - 1;
        Path fits = directory.resolve("s".repeat(free));
        Path tooLong = directory.resolve("s".repeat(free + 1));

        hypervisor().validate(spec(Map.of(), new Device.GuestPort("p", fits)), caller);
        assertThatThrownBy(() -> hypervisor().validate(spec(Map.of(), new Device.GuestPort("p", tooLong)), caller))
                .isInstanceOf(LimaException.class)
                .hasMessageContaining("108 bytes")
                .hasMessageContaining("LIMA_HOME");
    }

    @Test
    void missingFirmwareIsRefusedBeforeAnythingIsStarted() throws IOException {
        HostEnvironment caller = caller("echo 'QEMU emulator version 7.2.0'");
        MachineSpec spec = new MachineSpec(
                "x", directory, Arch.X86_64, 1, 1L << 30, new MachineSpec.Uefi(null), List.of(), Map.of());

        assertThatThrownBy(() -> hypervisor().validate(spec, caller))
                .isInstanceOf(LimaException.class)
                .hasMessageContaining("ovmf");
        assertThat(directory).isEmptyDirectory();
    }

    private record Tape() implements Device {}

    @Test
    void objectionsNameWhatWouldWork() {
        QemuHypervisor mac = new QemuHypervisor(HostOs.DARWIN, Arch.AARCH64, home);
        Device virtiofs = new Device.SharedDirectory("t", home, false, new Device.Virtiofs(home, 1024));
        Device nineP = new Device.SharedDirectory("t", home, false, new Device.NineP("mapped"));
        Device asif = new Device.Disk(Device.DiskRole.BOOT, home, "asif", false);

        assertThat(hypervisor().objection(virtiofs)).isEmpty();
        assertThat(mac.objection(virtiofs).orElseThrow()).contains("Linux hosts only", "9p");
        assertThat(hypervisor().objection(nineP).orElseThrow()).contains("mapped;", "mapped-xattr");
        assertThat(hypervisor().objection(asif).orElseThrow()).contains("asif", "qcow2");
        assertThat(hypervisor().objection(new Tape()).orElseThrow()).contains("Tape", "disks");
        assertThat(hypervisor().objection(new Device.Display("none", null))).isEmpty();
        assertThatThrownBy(() -> hypervisor().validate(spec(Map.of(), asif), Caller.in(home)))
                .isInstanceOf(LimaException.class)
                .hasMessageContaining("asif");
    }

    @Test
    void infoSaysWhatItRuns() {
        assertThat(hypervisor().info().vmType()).isEqualTo("qemu");
        assertThat(hypervisor().info().arches()).containsExactlyInAnyOrder(Arch.values());
        assertThat(hypervisor().info().mountTypes()).containsExactly("9p", "reverse-sshfs", "virtiofs");
    }
}
