// SPDX-License-Identifier: Apache-2.0
package io.jlima.hypervisor.qemu.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jlima.api.Arch;
import io.jlima.api.HostEnvironment;
import io.jlima.api.LimaException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(180)
class AcceleratorsTest {
    @TempDir
    Path home = Path.of("unset");

    /** Far more than a script takes to end, even on a loaded host. */
    private Duration limit = Duration.ofSeconds(60);

    private Path device = Path.of("unset");
    private Path calls = Path.of("unset");

    @BeforeEach
    void makeDevice() throws IOException {
        device = Files.createFile(home.resolve("kvm"));
        calls = home.resolve("calls");
    }

    private Accelerator choose(String script) throws IOException {
        QemuProgram program = new QemuProgram(Caller.program(home, "echo x >> '" + calls + "'; " + script), List.of());
        return choose(program);
    }

    private Accelerator choose(QemuProgram program) {
        return new Accelerators(HostOs.LINUX, Arch.X86_64, device, limit).choose(program, Arch.X86_64, Caller.in(home));
    }

    private static QemuProgram qemu() {
        return QemuProgram.find(Arch.X86_64, HostEnvironment.ofThisProcess(), HostOs.LINUX);
    }

    @Test
    void probeGuestGetsToItsEndUnderEmulation() throws IOException {
        ProbeGuest guest = ProbeGuest.of(Arch.X86_64).orElseThrow();
        Path image = Files.write(home.resolve("probe.bin"), guest.image());
        List<String> words = new ArrayList<>(List.of(qemu().path().toString()));
        words.addAll(guest.commandLine("tcg", "max", image));

        assertThat(ShortRun.of(words, Caller.in(home), Duration.ofSeconds(60))).isEqualTo(new ShortRun.Outcome(33, ""));
    }

    @Test
    void takesKvmWhenTheProbeGuestGetsToItsEnd() throws IOException {
        assertThat(choose("exit 33")).isEqualTo(Accelerator.KVM).hasToString("KVM");
    }

    @Test
    void refusesKvmThatIsSlowerThanEmulation() throws IOException {
        limit = Duration.ofSeconds(3);
        Accelerator found = choose("echo $$ > '" + home + "/pid'; exec sleep 1000");

        assertThat(found.kind()).isEqualTo(Accelerator.Kind.TCG);
        assertThat(found).hasToString("TCG: KVM of this host runs slower than emulation");
        assertThat(found.remedy()).contains("jlima-accelerator");
        long pid = Long.parseLong(Files.readString(home.resolve("pid")).strip());
        ProcessHandle.of(pid).ifPresent(p -> p.onExit().join());
        assertThat(HostProcess.look(pid)).isEmpty();
    }

    @Test
    void showsTheWordsOfAKvmThatFails() throws IOException {
        assertThat(choose("echo; echo 'failed to set MSR'; echo 'kvm.c: assertion' >&2; exit 134"))
                .hasToString("TCG: KVM does not work here: failed to set MSR (exit code 134)");
    }

    @Test
    void remembersTheOutcomeOfThisBoot() throws IOException {
        choose("exit 33");
        QemuProgram program = new QemuProgram(home.resolve("qemu-system-x86_64"), List.of());
        choose(program);
        assertThat(calls).content().isEqualTo("x\n");
        Path record = home.resolve(".cache/lima/jlima-accelerator");
        assertThat(record).content().startsWith(RunRecord.hostBoot()).endsWith("\tkvm\t\t\n");

        // Another QEMU may do better.
        Files.setLastModifiedTime(program.path(), FileTime.fromMillis(0));
        choose(program);
        assertThat(calls).content().isEqualTo("x\nx\n");
        assertThat(Files.readAllLines(record)).hasSize(2);

        // So may another kernel.
        Files.writeString(record, Files.readString(record).replace(RunRecord.hostBoot(), "another-boot"));
        choose(program);
        assertThat(calls).content().isEqualTo("x\nx\nx\n");
        assertThat(Files.readAllLines(record)).hasSize(1);
    }

    @Test
    void remembersAcrossDaemonsWhatWentWrong() throws IOException {
        Accelerator first = choose("echo 'one\ttwo' >&2; exit 1");
        Accelerator second = choose(new QemuProgram(home.resolve("qemu-system-x86_64"), List.of()));

        assertThat(second.toString()).isEqualTo(first.toString().replace('\t', ' '));
        assertThat(calls).content().isEqualTo("x\n");
    }

    @Test
    void worksWithoutACacheDirectory() throws IOException {
        Files.createFile(home.resolve(".cache"));

        assertThat(choose("exit 33")).isEqualTo(Accelerator.KVM);
    }

    @Test
    void saysHowToGetPermission() throws IOException {
        // Entries of /proc/sys obey their mode for root as well.
        device = Files.createSymbolicLink(home.resolve("forbidden"), Path.of("/proc/sys/kernel/random/boot_id"));

        Accelerator found = choose("exit 33");
        assertThat(found.reason()).isEqualTo("permission to open " + device + " is denied");
        assertThat(found.remedy()).contains("sudo usermod -aG kvm ");
        assertThat(calls).doesNotExist();
    }

    @Test
    void saysThatThereIsNoKvm() throws IOException {
        Files.delete(device);

        assertThat(choose("exit 33")).hasToString("TCG: this host has no " + device);
        assertThat(calls).doesNotExist();
    }

    @Test
    void emulatesAForeignArchitecture() throws IOException {
        QemuProgram program = new QemuProgram(Caller.program(home, "exit 1"), List.of());

        assertThat(new Accelerators(HostOs.LINUX, Arch.X86_64, device).choose(program, Arch.AARCH64, Caller.in(home)))
                .hasToString("TCG: a guest of architecture aarch64 on a host of architecture x86_64");
    }

    @Test
    void takesWhatTheUserAsksFor() throws IOException {
        Path program = Caller.program(home, "echo x >> '" + calls + "'");

        assertThat(choose(new QemuProgram(program, List.of("-accel", "tcg,thread=single"))))
                .hasToString("TCG: the environment asks for -accel tcg,thread=single");
        assertThat(choose(new QemuProgram(program, List.of("-accel", "kvm")))).isEqualTo(Accelerator.KVM);
        assertThat(calls).doesNotExist();
    }

    @Test
    void givesUpWhenInterrupted() throws IOException {
        Thread.currentThread().interrupt();
        try {
            assertThatThrownBy(() -> choose("exec sleep 60")).isInstanceOf(LimaException.class);
        } finally {
            assertThat(Thread.interrupted()).isTrue();
        }
    }

    @Test
    void decidesOnThisHostAsWell() {
        device = Path.of("/dev/kvm");
        Accelerator found = choose(qemu());

        assertThat(found.kind() == Accelerator.Kind.KVM)
                .isEqualTo(found.reason().isEmpty());
        if (found.kind() == Accelerator.Kind.KVM) {
            assertThat(Files.isWritable(device)).isTrue();
        }
    }
}
