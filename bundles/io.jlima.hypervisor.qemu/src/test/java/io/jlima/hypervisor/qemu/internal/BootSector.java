// SPDX-License-Identifier: Apache-2.0
package io.jlima.hypervisor.qemu.internal;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.util.HexFormat;

/** Guests of a few bytes, started by the BIOS from the first sector of a raw disk. */
enum BootSector {
    /** Sleeps for ever. */
    IDLE("fb f4 eb fc"), // sti; hlt; jmp to the sti

    /** Turns itself off: sleep type 0 to the PM1 control register, at 604 on a q35 with SeaBIOS. */
    TURNS_OFF("ba 04 06 b8 00 20 ef fb f4 eb fc"), // mov dx, 604; mov ax, 2000; out dx, ax; sleep

    /** Turns itself off when the power button is pressed. */
    HEEDS_POWER_BUTTON(
            "ba 02 06 b8 00 01 ef" // enable the button's event: mov dx, 602; mov ax, 100; out dx, ax
                    + "fb f4 ba 00 06 ed f6 c4 01 74 f5" // sti; hlt; mov dx, 600; in ax, dx; test ah, 1; jz to the sti
                    + "ba 04 06 b8 00 20 ef fb f4 eb fc"),

    /** Resets itself by the keyboard controller. */
    RESETS("b0 fe e6 64 fb f4 eb fc"), // mov al, fe; out 64, al; sleep

    /** Tells pvpanic, at port 505, that its kernel has given up. */
    PANICS("ba 05 05 b0 01 ee fb f4 eb fc"), // mov dx, 505; mov al, 1; out dx, al; sleep

    /** Writes a sector to the second disk with the BIOS, then turns itself off. */
    WRITES(
            "31 c0 8e c0 b8 01 03 bb 00 7c" // xor ax, ax; mov es, ax; mov ax, 301; mov bx, 7c00
                    + "b9 02 00 ba 81 00 cd 13" // mov cx, 2; mov dx, 81; int 13
                    + "ba 04 06 b8 00 20 ef fb f4 eb fc");

    private final String code;

    BootSector(String code) {
        this.code = code;
    }

    /** Makes a disk of 1 MiB that starts this guest. */
    Path write(Path file) throws IOException {
        try (RandomAccessFile disk = new RandomAccessFile(file.toFile(), "rw")) {
            disk.setLength(1024 * 1024);
            disk.write(HexFormat.of().parseHex(code.replace(" ", "")));
            disk.seek(510);
            disk.write(new byte[] {0x55, (byte) 0xaa});
        }
        return file;
    }
}
