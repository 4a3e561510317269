// SPDX-License-Identifier: Apache-2.0
package io.jlima.hypervisor.qemu.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jlima.api.Arch;
import io.jlima.api.LimaException;
import io.jlima.api.machine.Device;
import io.jlima.api.machine.MachineSpec;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The golden files hold one option with its value per line. */
class CommandLineTest {
    private static final Path D = Path.of("/home/me/.lima/default");
    private static final String MAC = "52:55:55:3e:98:3a";
    private static final long GIB = 1024L * 1024 * 1024;
    private static final QemuVersion DEBIAN_12 = new QemuVersion(7, 2, 22);

    private static CommandLine.Facts facts(Arch arch, Accelerator.Kind accelerator, QemuVersion version) {
        QemuProgram program = new QemuProgram(Path.of("/usr/bin/qemu-system-" + QemuProgram.suffix(arch)), List.of());
        return new CommandLine.Facts(program, version, HostOs.LINUX, accelerator, null);
    }

    private static CommandLine.Facts with(CommandLine.Facts facts, Firmware firmware, HostOs os) {
        return new CommandLine.Facts(facts.program(), facts.version(), os, facts.accelerator(), firmware);
    }

    private static MachineSpec spec(Path d, Arch arch, MachineSpec.Boot boot, List<Device> devices) {
        return new MachineSpec("default", d, arch, 4, 4 * GIB, boot, devices, Map.of());
    }

    private static Device.UserMode slirp() {
        return new Device.UserMode(
                "192.168.5.0/24",
                "192.168.5.2",
                "192.168.5.3",
                "192.168.5.15",
                List.of(new Device.HostForward("127.0.0.1", 60022, 22)));
    }

    private static List<Device> usual(Path d) {
        return List.of(
                new Device.Disk(Device.DiskRole.BOOT, d.resolve("disk"), "qcow2", false),
                new Device.Disk(Device.DiskRole.CIDATA, d.resolve("cidata.iso"), "raw", true),
                new Device.Nic("eth0", MAC, slirp()),
                new Device.Console(Device.ConsoleKind.SERIAL, d.resolve("serial.log"), d.resolve("serial.sock")),
                new Device.Console(Device.ConsoleKind.VIRTIO, d.resolve("serialv.log"), d.resolve("serialv.sock")),
                new Device.Display("none", null));
    }

    private static List<Device> plus(List<Device> devices, Device... more) {
        List<Device> all = new ArrayList<>(devices);
        all.addAll(List.of(more));
        return all;
    }

    private static String lines(List<String> words) {
        StringBuilder text = new StringBuilder(words.getFirst());
        for (String word : words.subList(1, words.size())) {
            text.append(word.startsWith("-") ? '\n' : ' ').append(word);
        }
        return text.append('\n').toString();
    }

    private static void assertGolden(String name, MachineSpec spec, CommandLine.Facts facts) {
        assertThat(lines(CommandLine.of(spec, facts))).isEqualTo(golden(name));
    }

    private static String golden(String name) {
        try (InputStream file =
                Objects.requireNonNull(CommandLineTest.class.getResourceAsStream("/golden/" + name + ".txt"))) {
            return new String(file.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void x86DirectKernelEmulated() {
        MachineSpec.Boot boot = new MachineSpec.DirectKernel(
                D.resolve("kernel"), D.resolve("initrd"), "root=LABEL=rootfs rw console=ttyS0\n");
        assertGolden(
                "x86_64-tcg-kernel",
                spec(
                        D,
                        Arch.X86_64,
                        boot,
                        plus(
                                usual(D),
                                new Device.SharedDirectory(
                                        "lima-1fd4cbcaa36d359d",
                                        Path.of("/tmp/lima"),
                                        false,
                                        new Device.NineP("mapped-xattr")),
                                new Device.SharedDirectory(
                                        "lima-0123456789abcdef", Path.of("/home/me"), true, new Device.NineP("none")),
                                new Device.GuestPort("io.lima-vm.guest_agent.0", D.resolve("ga.sock")))),
                facts(Arch.X86_64, Accelerator.Kind.TCG, DEBIAN_12));
    }

    @Test
    void x86BiosWithIsoUnderKvm() {
        List<Device> devices = plus(
                List.of(
                        new Device.Disk(Device.DiskRole.DATA, Path.of("/l/_disks/one/datadisk"), "raw", false),
                        new Device.Disk(Device.DiskRole.BOOT_CDROM, D.resolve("iso"), "raw", true)),
                usual(D).toArray(Device[]::new));
        assertGolden(
                "x86_64-kvm-bios-iso",
                spec(D, Arch.X86_64, new MachineSpec.LegacyBios(), devices),
                facts(Arch.X86_64, Accelerator.Kind.KVM, DEBIAN_12));
    }

    @Test
    void x86Uefi() {
        Firmware ovmf = new Firmware(Path.of("/usr/share/OVMF/OVMF_CODE_4M.fd"), true, D.resolve("qemu-efi-vars.fd"));
        List<Device> devices = plus(
                usual(D),
                new Device.Nic("lima0", "52:55:55:b7:52:5b", new Device.StreamSocket(Path.of("/run/vmnet.sock"))),
                new Device.Nic("lima1", "52:55:55:b7:52:5c", new Device.Vde(Path.of("/run/vde.ctl"))),
                new Device.SharedDirectory(
                        "lima-1fd4cbcaa36d359d",
                        Path.of("/tmp/lima"),
                        false,
                        new Device.Virtiofs(D.resolve("virtiofsd-0.sock"), 1024)),
                new Device.Sound("default", "virtio"));
        assertGolden(
                "x86_64-tcg-uefi",
                spec(D, Arch.X86_64, new MachineSpec.Uefi(null), devices),
                with(facts(Arch.X86_64, Accelerator.Kind.TCG, DEBIAN_12), ovmf, HostOs.LINUX));
    }

    @Test
    void arm64UefiEmulated() {
        Firmware efi = new Firmware(Path.of("/usr/share/qemu-efi-aarch64/QEMU_EFI.fd"), false, null);
        List<Device> devices = plus(
                usual(D),
                new Device.Console(Device.ConsoleKind.PCI_SERIAL, D.resolve("serialp.log"), null),
                new Device.Disk(Device.DiskRole.BOOT_CDROM, D.resolve("iso"), "raw", true));
        assertGolden(
                "aarch64-tcg-uefi",
                spec(D, Arch.AARCH64, new MachineSpec.Uefi(null), devices),
                with(facts(Arch.AARCH64, Accelerator.Kind.TCG, DEBIAN_12), efi, HostOs.LINUX));
    }

    @Test
    void arm64OnAMac() {
        Firmware efi = new Firmware(
                Path.of("/opt/homebrew/share/qemu/edk2-aarch64-code.fd"), true, D.resolve("qemu-efi-vars.fd"));
        List<Device> devices = plus(
                usual(D).subList(0, 5),
                new Device.Display("vnc", null),
                new Device.Sound("default", "virtio"),
                new Device.Nic("lima0", "52:55:55:b7:52:5b", new Device.StreamSocket(Path.of("/run/vmnet.sock"))));
        assertGolden(
                "aarch64-hvf-uefi",
                spec(D, Arch.AARCH64, new MachineSpec.Uefi(null), devices),
                with(facts(Arch.AARCH64, Accelerator.Kind.HVF, new QemuVersion(9, 2, 0)), efi, HostOs.DARWIN));
    }

    @Test
    void commasAndSpacesInEachPath() {
        Path d = Path.of("/home/a, b/.lima/my, vm");
        Firmware ovmf = new Firmware(d.resolve("code, 1.fd"), true, d.resolve("vars, 1.fd"));
        List<Device> devices = plus(
                usual(d),
                new Device.Disk(Device.DiskRole.DATA, d.resolve("data, 1"), "raw", true),
                new Device.Disk(Device.DiskRole.BOOT_CDROM, d.resolve("my, iso"), "raw", true),
                new Device.Nic("lima0", MAC, new Device.StreamSocket(d.resolve("net, 1.sock"))),
                new Device.Nic("lima1", MAC, new Device.Vde(d.resolve("vde, 1.ctl"))),
                new Device.Console(Device.ConsoleKind.PCI_SERIAL, d.resolve("serial, p.log"), null),
                new Device.GuestPort("io.lima-vm.guest_agent.0", d.resolve("ga, 1.sock")),
                new Device.SharedDirectory("t0", d.resolve("share, 1"), true, new Device.NineP("none")),
                new Device.SharedDirectory(
                        "t1", d.resolve("share, 2"), false, new Device.Virtiofs(d.resolve("fs, 1.sock"), 64)));
        assertGolden(
                "x86_64-commas",
                spec(d, Arch.X86_64, new MachineSpec.Uefi(null), devices),
                with(facts(Arch.X86_64, Accelerator.Kind.KVM, new QemuVersion(8, 0, 0)), ovmf, HostOs.LINUX));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            ARMV7L  | -machine virt            | -device virtio-blk-pci,
            PPC64LE | -machine pseries         | -device virtio-blk-pci,
            RISCV64 | -machine virt,acpi=off   | -device virtio-blk-pci,
            S390X   | -machine s390-ccw-virtio | -device virtio-blk-ccw,
            """)
    void otherArchitectures(Arch arch, String machine, String disk) {
        String line = lines(CommandLine.of(
                spec(D, arch, new MachineSpec.Uefi(null), usual(D)), facts(arch, Accelerator.Kind.TCG, DEBIAN_12)));

        assertThat(line)
                .contains("\n" + machine + "\n", "\n" + disk, "\n-cpu max\n")
                .doesNotContain("pflash");
    }

    @Test
    void wordsOfTheUserReplaceOurs() {
        QemuProgram program = new QemuProgram(
                Path.of("/opt/qemu"),
                List.of("-cpu", "Nehalem", "--machine", "pc", "-display", "gtk", "-accel", "kvm"));
        List<String> words = CommandLine.of(
                spec(D, Arch.X86_64, new MachineSpec.LegacyBios(), usual(D)),
                new CommandLine.Facts(program, DEBIAN_12, HostOs.LINUX, Accelerator.Kind.TCG, null));

        assertThat(words.subList(0, 9))
                .containsExactly("/opt/qemu", "-cpu", "Nehalem", "--machine", "pc", "-display", "gtk", "-accel", "kvm");
        assertThat(words.subList(9, words.size())).doesNotContain("-cpu", "-machine", "-display", "-accel");
    }

    @Test
    void processorTypeOfTheUser() {
        Map<String, Object> types = Map.of("cpuType", Map.of("x86_64", "Haswell-v4", "aarch64", "cortex-a72"));
        for (Arch arch : List.of(Arch.X86_64, Arch.AARCH64)) {
            MachineSpec spec =
                    new MachineSpec("default", D, arch, 1, GIB, new MachineSpec.LegacyBios(), List.of(), types);
            assertThat(lines(CommandLine.of(spec, facts(arch, Accelerator.Kind.KVM, DEBIAN_12))))
                    .contains(arch == Arch.X86_64 ? "-cpu Haswell-v4\n" : "-cpu cortex-a72\n");
        }
    }

    @Test
    void streamSocketNeedsANewerQemu() {
        MachineSpec spec = spec(
                D,
                Arch.X86_64,
                new MachineSpec.LegacyBios(),
                List.of(new Device.Nic("lima0", MAC, new Device.StreamSocket(Path.of("/run/x.sock")))));

        assertThatThrownBy(
                        () -> CommandLine.of(spec, facts(Arch.X86_64, Accelerator.Kind.TCG, new QemuVersion(7, 1, 0))))
                .isInstanceOf(LimaException.class)
                .hasMessageContaining("7.1.0")
                .hasMessageContaining("7.2");
    }
}
