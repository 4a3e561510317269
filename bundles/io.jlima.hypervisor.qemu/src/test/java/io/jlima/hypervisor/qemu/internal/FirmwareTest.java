// SPDX-License-Identifier: Apache-2.0
package io.jlima.hypervisor.qemu.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jlima.api.Arch;
import io.jlima.api.LimaException;
import io.jlima.api.machine.MachineSpec;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FirmwareTest {
    @TempDir
    Path root = Path.of("unset");

    private Path instance = Path.of("unset");

    @BeforeEach
    void makeInstance() throws IOException {
        instance = Files.createDirectories(root.resolve("home/.lima/x"));
    }

    private Path file(String path, long size) throws IOException {
        Path file = root.resolve(path);
        Files.createDirectories(file.getParent());
        try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
            sparse.setLength(size);
        }
        return file;
    }

    private Firmware.Found find(Arch arch, MachineSpec.Uefi uefi) {
        MachineSpec spec = new MachineSpec("x", instance, arch, 1, 1 << 30, uefi, List.of(), Map.of());
        return Firmware.find(spec, uefi, root.resolve("opt/qemu/bin/qemu"), Caller.in(root.resolve("home")), root);
    }

    private Firmware.Found find(Arch arch) {
        return find(arch, new MachineSpec.Uefi(null));
    }

    @Test
    void isFoundInTheOrderOfLima() throws IOException {
        long size = 64L << 20;
        for (String path : List.of(
                "usr/share/qemu-efi-aarch64/QEMU_EFI.fd",
                "usr/share/AAVMF/AAVMF_CODE.fd",
                "usr/share/edk2/aarch64/QEMU_CODE.fd",
                "opt/qemu/bin/share/edk2-aarch64-code.fd",
                "opt/qemu/share/qemu/edk2-aarch64-code.fd",
                "home/.local/share/qemu/edk2-aarch64-code.fd",
                "home/.lima/x/qemu-efi-code.fd",
                "asked.fd")) {
            Path code = file(path, size);
            MachineSpec.Uefi uefi = new MachineSpec.Uefi(path.equals("asked.fd") ? code : null);
            assertThat(find(Arch.AARCH64, uefi)).isEqualTo(new Firmware.Found(code, true, null));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "X86_64,  usr/share/OVMF/OVMF_CODE_4M.fd,                4, usr/share/OVMF/OVMF_VARS_4M.fd",
        "X86_64,  usr/share/edk2/x64/OVMF_CODE.4m.fd,            4, usr/share/edk2/x64/OVMF_VARS.4m.fd",
        "X86_64,  opt/qemu/share/qemu/edk2-x86_64-code.fd,       4, opt/qemu/share/qemu/edk2-i386-vars.fd",
        "AARCH64, opt/qemu/share/qemu/edk2-aarch64-code.fd,     64, opt/qemu/share/qemu/edk2-arm-vars.fd",
        "AARCH64, usr/share/AAVMF/AAVMF_CODE.fd,                64, usr/share/AAVMF/AAVMF_VARS.fd",
        "RISCV64, usr/share/qemu-efi-riscv64/RISCV_VIRT_CODE.fd, 32, usr/share/qemu-efi-riscv64/RISCV_VIRT_VARS.fd"
    })
    void bringsVariablesThatTheInstanceKeeps(Arch arch, String code, int mebibytes, String vars) throws IOException {
        file(code, (long) mebibytes << 20);
        Path template = file(vars, 16);

        Firmware.Found found = find(arch);
        assertThat(found).isEqualTo(new Firmware.Found(root.resolve(code), true, template));
        Path copy = instance.resolve("qemu-efi-vars.fd");
        assertThat(found.install(instance)).isEqualTo(new Firmware(root.resolve(code), true, copy));
        assertThat(copy).hasSize(16);

        Files.writeString(copy, "boot order: disk");
        found.install(instance);
        assertThat(copy).content().isEqualTo("boot order: disk");

        file(vars, 32);
        found.install(instance);
        assertThat(copy).hasSize(32);
    }

    @Test
    void isNoFlashChipWhenItDoesNotFillOne() throws IOException {
        Path code = file("usr/share/qemu-efi-aarch64/QEMU_EFI.fd", 2 << 20);

        assertThat(find(Arch.AARCH64).install(instance)).isEqualTo(new Firmware(code, false, null));
        assertThat(instance).isEmptyDirectory();
    }

    @ParameterizedTest
    @CsvSource({"X86_64, ovmf", "AARCH64, qemu-efi-aarch64", "ARMV7L, qemu-efi-arm", "RISCV64, qemu-efi-riscv64"})
    void isMissing(Arch arch, String debianPackage) {
        assertThatThrownBy(() -> find(arch))
                .isInstanceOf(LimaException.class)
                .hasMessageContaining("no UEFI firmware for " + arch.word())
                .hasMessageContaining("Debian package " + debianPackage);
    }

    @Test
    void isMissingWhereItWasAskedFor() {
        assertThatThrownBy(() -> find(Arch.X86_64, new MachineSpec.Uefi(root.resolve("nowhere.fd"))))
                .isInstanceOf(LimaException.class)
                .hasMessageContaining("nowhere.fd");
    }
}
