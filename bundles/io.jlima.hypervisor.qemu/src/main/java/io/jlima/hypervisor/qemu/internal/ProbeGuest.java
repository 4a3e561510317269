// SPDX-License-Identifier: Apache-2.0
package io.jlima.hypervisor.qemu.internal;

import io.jlima.api.Arch;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/**
 * A guest of a few dozen bytes that counts to 20 million and ends the machine. A processor does that in about 10 ms,
 * TCG in about 100 ms, and a host that emulates every single instruction of its guests takes tens of seconds.
 *
 * @param image what the machine runs
 * @param exitCode exit code of QEMU when the guest got to its end
 */
record ProbeGuest(byte[] image, int exitCode, List<String> optionsBeforeImage, List<String> options) {
    private static final int COUNT = 20_000_000;

    /** The guest for this architecture; empty when there is none. */
    static Optional<ProbeGuest> of(Arch arch) {
        return switch (arch) {
            case X86_64 -> Optional.of(x86());
            case AARCH64 -> Optional.of(aarch64());
            case ARMV7L, PPC64LE, RISCV64, S390X -> Optional.empty();
        };
    }

    /** The words after the name of the program. */
    List<String> commandLine(String accelerator, String cpu, Path imageFile) {
        return java.util.stream.Stream.of(
                        List.of("-accel", accelerator, "-cpu", cpu, "-m", "64"),
                        List.of("-nodefaults", "-display", "none", "-no-reboot"),
                        optionsBeforeImage,
                        List.of(imageFile.toString()),
                        options)
                .flatMap(List::stream)
                .toList();
    }

    /**
     * A BIOS: the last 64 KiB below 4 GiB. The processor starts 16 bytes below the end. It goes to protected mode
     * first, since there are processors that cannot virtualise real mode and emulate that alone.
     */
    private static ProbeGuest x86() {
        ByteBuffer rom = ByteBuffer.allocate(64 * 1024).order(ByteOrder.LITTLE_ENDIAN);
        rom.put(0xfff0, hex("e9 0d ff")); // jmp ff00
        rom.put(
                0xff00,
                hex(
                        "fa" // cli
                                + "2e 66 0f 01 16 40 ff" // lgdt cs:[ff40]
                                + "0f 20 c0" // mov eax, cr0
                                + "66 83 c8 01" // or eax, 1
                                + "0f 22 c0" // mov cr0, eax
                                + "66 ea 20 ff ff ff 08 00")); // jmp 0008:ffffff20
        rom.put(0xff20, hex("b9")).putInt(0xff21, COUNT); // mov ecx, COUNT
        rom.put(
                0xff25,
                hex(
                        "49 75 fd" // dec ecx; jnz to the dec
                                + "b0 10 e6 f4" // mov al, 10; out f4, al
                                + "f4 eb fd")); // hlt; jmp to the hlt
        rom.put(0xff40, hex("0f 00 50 ff ff ff")); // size and place of the descriptor table
        // A flat code segment. It is marked as accessed already, because the processor cannot write that into ROM.
        rom.put(0xff58, hex("ff ff 00 00 00 9b cf 00"));
        // isa-debug-exit makes the exit code of QEMU of the byte written to it: twice that and one.
        return new ProbeGuest(
                rom.array(),
                0x10 * 2 + 1,
                List.of("-machine", "q35", "-bios"),
                List.of("-device", "isa-debug-exit,iobase=0xf4,iosize=0x04"));
    }

    /** Runs where the kernel would; QEMU's own PSCI turns the machine off (Arm DEN 0022, SYSTEM_OFF). */
    private static ProbeGuest aarch64() {
        ByteBuffer code = ByteBuffer.allocate(32).order(ByteOrder.LITTLE_ENDIAN);
        code.putInt(0xd2800000 | (COUNT & 0xffff) << 5); // movz x0, low half
        code.putInt(0xf2a00000 | (COUNT >>> 16) << 5); // movk x0, high half, lsl 16
        code.putInt(0xf1000400); // subs x0, x0, 1
        code.putInt(0x54ffffe1); // b.ne to the subs
        code.putInt(0x52800100); // movz w0, 0008
        code.putInt(0x72b08000); // movk w0, 8400, lsl 16
        code.putInt(0xd4000002); // hvc 0
        code.putInt(0x14000000); // b to itself
        return new ProbeGuest(code.array(), 0, List.of("-machine", "virt", "-kernel"), List.of());
    }

    private static byte[] hex(String text) {
        return HexFormat.of().parseHex(text.replace(" ", ""));
    }
}
