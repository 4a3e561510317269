// SPDX-License-Identifier: Apache-2.0
package io.jlima.hypervisor.qemu.internal;

import io.jlima.api.Arch;
import io.jlima.api.HostEnvironment;
import io.jlima.api.LimaException;
import io.jlima.api.machine.MachineSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * UEFI firmware of a machine.
 *
 * @param code image of the firmware, never written to
 * @param flash whether the image is one of a flash chip; otherwise it is loaded as a plain BIOS image
 * @param vars the instance's own copy of the chip that holds the variables, null for none
 */
record Firmware(Path code, boolean flash, @Nullable Path vars) {
    /**
     * What was found, before the instance has its copy.
     *
     * @param varsTemplate pristine variables that belong to the code, null when the host has none
     */
    record Found(Path code, boolean flash, @Nullable Path varsTemplate) {
        /**
         * Gives the instance its own variables, made once and kept.
         *
         * @throws LimaException when the copy cannot be made
         */
        Firmware install(Path directory) {
            if (varsTemplate == null) {
                return new Firmware(code, flash, null);
            }
            Path vars = directory.resolve("qemu-efi-vars.fd");
            try {
                // Another size means other firmware, which could not read these variables.
                if (!Files.exists(vars) || Files.size(vars) != Files.size(varsTemplate)) {
                    Path fresh = directory.resolve("qemu-efi-vars.fd.tmp");
                    Files.deleteIfExists(fresh);
                    Files.write(fresh, Files.readAllBytes(varsTemplate));
                    Files.move(fresh, vars, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
                }
            } catch (IOException e) {
                throw new LimaException("The firmware's variables cannot be copied to " + vars, e);
            }
            return new Firmware(code, flash, vars);
        }
    }

    /**
     * Finds the firmware: the one asked for, one that lies in the instance directory, or the host's own.
     *
     * @param root what absolute paths of the host's own firmware are relative to
     * @throws LimaException when there is none, naming the package that brings it
     */
    static Found find(MachineSpec spec, MachineSpec.Uefi uefi, Path program, HostEnvironment caller, Path root) {
        Path asked = uefi.code();
        if (asked != null) {
            if (!Files.isReadable(asked)) {
                throw new LimaException("The firmware cannot be read: " + asked);
            }
            return found(asked, spec.arch());
        }
        List<Path> candidates = candidates(spec, program, caller, root);
        return candidates.stream()
                .filter(Files::isReadable)
                .findFirst()
                .map(code -> found(code, spec.arch()))
                .orElseThrow(() -> new LimaException(
                        "This host has no UEFI firmware for " + spec.arch() + " guests",
                        null,
                        remedy(spec.arch()),
                        null));
    }

    private static List<Path> candidates(MachineSpec spec, Path program, HostEnvironment caller, Path root) {
        List<Path> candidates = new ArrayList<>();
        candidates.add(spec.directory().resolve("qemu-efi-code.fd"));
        Path bin = program.toAbsolutePath().getParent();
        Path prefix = bin == null ? null : bin.getParent();
        String name = "edk2-" + edk2Word(spec.arch()) + "-code.fd";
        candidates.add(caller.home().resolve(".local/share/qemu").resolve(name));
        if (prefix != null) {
            candidates.add(prefix.resolve("share/qemu").resolve(name));
        }
        if (bin != null) {
            candidates.add(bin.resolve("share").resolve(name));
        }
        systemPaths(spec.arch()).map(root::resolve).forEach(candidates::add);
        return candidates;
    }

    private static Stream<String> systemPaths(Arch arch) {
        return switch (arch) {
            case X86_64 ->
                Stream.of(
                        "usr/share/edk2/x64/OVMF_CODE.4m.fd",
                        "usr/share/OVMF/OVMF_CODE.fd",
                        "usr/share/OVMF/OVMF_CODE_4M.fd",
                        "usr/share/edk2/ovmf/OVMF_CODE.fd",
                        "usr/share/qemu/ovmf-x86_64.bin",
                        "usr/share/qemu/ovmf-x86_64-4m.bin");
            case AARCH64 ->
                Stream.of(
                        "usr/share/edk2/aarch64/QEMU_CODE.fd",
                        "usr/share/AAVMF/AAVMF_CODE.fd",
                        "usr/share/qemu-efi-aarch64/QEMU_EFI.fd");
            case ARMV7L -> Stream.of("usr/share/edk2/arm/QEMU_CODE.fd", "usr/share/AAVMF/AAVMF32_CODE.fd");
            case RISCV64 ->
                Stream.of("usr/share/qemu-efi-riscv64/RISCV_VIRT_CODE.fd", "usr/share/edk2/riscv/RISCV_VIRT_CODE.fd");
            case PPC64LE, S390X -> Stream.empty();
        };
    }

    private static String edk2Word(Arch arch) {
        return switch (arch) {
            case ARMV7L -> "arm";
            case RISCV64 -> "riscv";
            case X86_64, AARCH64, PPC64LE, S390X -> arch.word();
        };
    }

    private static Found found(Path code, Arch arch) {
        boolean flash = fillsChip(code, arch);
        return new Found(code, flash, flash ? varsTemplate(code) : null);
    }

    /** The virt machines accept only an image as large as the whole chip; a PC's chip is as large as its image. */
    private static boolean fillsChip(Path code, Arch arch) {
        try {
            return switch (arch) {
                case AARCH64, ARMV7L -> Files.size(code) == 64L * 1024 * 1024;
                case RISCV64 -> Files.size(code) == 32L * 1024 * 1024;
                case X86_64, PPC64LE, S390X -> true;
            };
        } catch (IOException e) {
            throw new LimaException("The firmware cannot be read: " + code, e);
        }
    }

    /** The variables lie beside the code, under a name that says so; builds of QEMU share theirs between archs. */
    private static @Nullable Path varsTemplate(Path code) {
        String name = code.getFileName().toString();
        String vars = switch (name) {
            case "edk2-x86_64-code.fd" -> "edk2-i386-vars.fd";
            case "edk2-aarch64-code.fd", "edk2-arm-code.fd" -> "edk2-arm-vars.fd";
            case "qemu-efi-code.fd" -> name;
            default -> name.replace("CODE", "VARS").replace("-code", "-vars");
        };
        Path file = code.resolveSibling(vars);
        return !vars.equals(name) && Files.isReadable(file) ? file : null;
    }

    private static String remedy(Arch arch) {
        return switch (arch) {
            case X86_64 ->
                "Install the Debian package ovmf (sudo apt-get install ovmf), or set firmware.legacyBIOS: true";
            case AARCH64 -> "Install the Debian package qemu-efi-aarch64: sudo apt-get install qemu-efi-aarch64";
            case ARMV7L -> "Install the Debian package qemu-efi-arm: sudo apt-get install qemu-efi-arm";
            case RISCV64 -> "Install the Debian package qemu-efi-riscv64: sudo apt-get install qemu-efi-riscv64";
            case PPC64LE, S390X -> "There is no UEFI for this architecture; boot by the built-in firmware instead";
        };
    }
}
