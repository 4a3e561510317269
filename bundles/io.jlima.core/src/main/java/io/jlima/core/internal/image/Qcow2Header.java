// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.image;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What the header of a qcow2 file says; QEMU's docs/interop/qcow2.txt.
 *
 * @param version 2 or 3; QEMU knows a version 1, which is another format
 * @param virtualSize size of the disk that the guest sees, in bytes
 * @param backingFile name of the file below this one, null when there is none
 * @param externalData whether the content is in another file
 * @param encrypted whether a secret is needed to read it
 */
public record Qcow2Header(
        int version, long virtualSize, @Nullable String backingFile, boolean externalData, boolean encrypted) {
    private static final int MAGIC = 0x514649fb;
    private static final int V2_LENGTH = 72;
    private static final int MAX_NAME = 1023;
    private static final long INCOMPATIBLE_EXTERNAL_DATA = 1L << 2;

    /** Reads the header; empty when the file is no qcow2 file. Reads little, whatever the header says. */
    public static Optional<Qcow2Header> read(Path file) throws IOException {
        try (SeekableByteChannel channel = Files.newByteChannel(file)) {
            ByteBuffer header = bytes(channel, 0, V2_LENGTH + 8);
            if (header.remaining() < V2_LENGTH || header.getInt(0) != MAGIC) {
                return Optional.empty();
            }
            int version = header.getInt(4);
            long nameOffset = header.getLong(8);
            int nameLength = header.getInt(16);
            long features = version >= 3 && header.remaining() >= V2_LENGTH + 8 ? header.getLong(V2_LENGTH) : 0;
            String name = null;
            if (nameOffset != 0) {
                int length = Math.clamp(nameLength, 0, MAX_NAME);
                name = nameOffset < 0 || nameOffset > channel.size()
                        ? ""
                        : StandardCharsets.UTF_8
                                .decode(bytes(channel, nameOffset, length))
                                .toString();
            }
            return Optional.of(new Qcow2Header(
                    version,
                    header.getLong(24),
                    name,
                    (features & INCOMPATIBLE_EXTERNAL_DATA) != 0,
                    header.getInt(32) != 0));
        }
    }

    private static ByteBuffer bytes(SeekableByteChannel channel, long position, int length) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(length);
        channel.position(position);
        while (buffer.hasRemaining() && channel.read(buffer) >= 0) {
            continue;
        }
        return buffer.flip();
    }
}
