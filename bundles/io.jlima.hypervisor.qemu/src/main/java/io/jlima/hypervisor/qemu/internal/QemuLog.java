// SPDX-License-Identifier: Apache-2.0
package io.jlima.hypervisor.qemu.internal;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;

/** What QEMU itself says: {@code qemu.log} in the instance directory. */
record QemuLog(Path file) {
    /** A log longer than this is begun anew at the next start. */
    private static final long MOST_BYTES = 1024 * 1024;

    private static final int LAST_BYTES = 8 * 1024;
    private static final int LAST_LINES = 20;

    static QemuLog in(Path directory) {
        return new QemuLog(directory.resolve("qemu.log"));
    }

    /** Makes the file, readable by its owner only, and says how long it is. */
    long prepare() throws IOException {
        if (Files.exists(file) && Files.size(file) > MOST_BYTES) {
            Files.delete(file);
        }
        if (!Files.exists(file)) {
            Files.createFile(file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        }
        return Files.size(file);
    }

    /** The last lines written after this offset, empty if there are none. */
    String words(long offset) {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            long begin = Math.max(Math.min(offset, channel.size()), channel.size() - LAST_BYTES);
            ByteBuffer bytes = ByteBuffer.allocate((int) (channel.size() - begin));
            while (bytes.hasRemaining() && channel.read(bytes, begin + bytes.position()) >= 0) {
                continue;
            }
            List<String> lines = new String(bytes.array(), 0, bytes.position(), StandardCharsets.UTF_8)
                    .lines()
                    .filter(line -> !line.isBlank())
                    .toList();
            return String.join("\n", lines.subList(Math.max(0, lines.size() - LAST_LINES), lines.size()));
        } catch (IOException e) {
            return "";
        }
    }
}
