// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.image;

import io.jlima.api.LimaException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Formats of disk images, by QEMU's names for them. */
public enum ImageFormat {
    QCOW2("qcow2"),
    VMDK("vmdk"),
    VHDX("vhdx"),
    VDI("vdi"),
    /** Anything without a format of its own. */
    RAW("raw"),
    /** A CD; for QEMU it is a raw image. */
    ISO9660("raw");

    /** Where ISO 9660 (ECMA-119, section 8.1) has its first volume descriptor's identifier. */
    private static final int ISO_IDENTIFIER = 16 * 2048 + 1;
    /** QEMU's block/vdi.c: the signature at byte 64. */
    private static final int VDI_SIGNATURE = 0xbeda107f;
    /** QEMU's block/vmdk.c: where the embedded descriptor is looked for, and its greatest size. */
    private static final int VMDK_DESCRIPTOR = 0x200;

    private static final int VMDK_DESCRIPTOR_SIZE = 20 * 512;

    private final String word;

    ImageFormat(String word) {
        this.word = word;
    }

    /** What QEMU calls the format. */
    public String word() {
        return word;
    }

    /** Finds the format of an image by its content. */
    public static ImageFormat of(Path file) throws IOException {
        byte[] start = bytes(file, 0, 512);
        if (starts(start, "QFI\u00fb")) {
            return QCOW2;
        }
        if (starts(start, "KDMV") || starts(start, "COWD") || starts(start, "# Disk DescriptorFile")) {
            return VMDK;
        }
        if (starts(start, "vhdxfile")) {
            return VHDX;
        }
        if (start.length >= 68
                && ByteBuffer.wrap(start).order(ByteOrder.LITTLE_ENDIAN).getInt(64) == VDI_SIGNATURE) {
            return VDI;
        }
        return starts(bytes(file, ISO_IDENTIFIER, 5), "CD001") ? ISO9660 : RAW;
    }

    /**
     * Finds the format of an image that strangers have made, and refuses one that would make the hypervisor open
     * other files of this host, or that it could not read.
     */
    public static ImageFormat ofForeign(Path file) throws IOException {
        ImageFormat format = of(file);
        switch (format) {
            case QCOW2 -> {
                Qcow2Header header = Qcow2Header.read(file).orElseThrow(() -> refusal(file, "its header is not whole"));
                if (header.version() != 2 && header.version() != 3) {
                    throw refusal(file, "it is of version " + header.version() + " of the format; 2 and 3 are known");
                }
                if (header.backingFile() != null) {
                    throw refusal(file, "it is based on another file, " + header.backingFile());
                }
                if (header.externalData()) {
                    throw refusal(file, "its content is in another file");
                }
                if (header.virtualSize() < 0) {
                    throw refusal(file, "its header says that it has a negative size");
                }
                if (header.encrypted()) {
                    throw refusal(file, "it is encrypted");
                }
            }
            case VMDK -> {
                byte[] start = bytes(file, 0, VMDK_DESCRIPTOR + VMDK_DESCRIPTOR_SIZE);
                String text = new String(start, StandardCharsets.ISO_8859_1);
                boolean sparse = text.startsWith("KDMV") && start.length >= 20;
                if (text.startsWith("#")
                        || sparse
                                && ByteBuffer.wrap(start)
                                                .order(ByteOrder.LITTLE_ENDIAN)
                                                .getLong(12)
                                        == 0) {
                    throw refusal(file, "its content is in other files");
                }
                if (text.contains("parentFileNameHint=\"")) {
                    throw refusal(file, "it is based on another file");
                }
            }
            case VHDX, VDI, RAW, ISO9660 -> {
                // QEMU opens no other file for these: it refuses a VHDX that has a parent.
            }
        }
        return format;
    }

    private static LimaException refusal(Path file, String why) {
        return new LimaException(
                "The image " + file + " is not used: " + why,
                "Use an image that is complete in one file; qemu-img convert makes one of a chain.");
    }

    private static boolean starts(byte[] bytes, String magic) {
        return new String(bytes, StandardCharsets.ISO_8859_1).startsWith(magic);
    }

    private static byte[] bytes(Path file, long position, int length) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(length);
        try (SeekableByteChannel channel = Files.newByteChannel(file)) {
            channel.position(position);
            while (buffer.hasRemaining() && channel.read(buffer) >= 0) {
                continue;
            }
        }
        byte[] bytes = new byte[buffer.flip().remaining()];
        buffer.get(bytes);
        return bytes;
    }
}
