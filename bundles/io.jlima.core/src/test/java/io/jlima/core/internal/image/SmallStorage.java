// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.image;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicLong;

/** A file system that has room for so many bytes, as a full one behaves. */
final class SmallStorage implements Storage {
    private final AtomicLong room;
    private final boolean honest;

    /**
     * @param honest whether it says beforehand how little room there is
     */
    SmallStorage(long room, boolean honest) {
        this.room = new AtomicLong(room);
        this.honest = honest;
    }

    @Override
    public SeekableByteChannel open(Path file, OpenOption... options) throws IOException {
        SeekableByteChannel real = FILE_SYSTEM.open(file, options);
        return new SeekableByteChannel() {
            @Override
            public int write(ByteBuffer bytes) throws IOException {
                int fits = (int) Math.min(bytes.remaining(), room.get());
                if (fits == 0) {
                    throw new IOException("No space left on device");
                }
                ByteBuffer piece = bytes.slice(bytes.position(), fits);
                int n = real.write(piece);
                bytes.position(bytes.position() + n);
                room.addAndGet(-n);
                return n;
            }

            @Override
            public int read(ByteBuffer bytes) throws IOException {
                return real.read(bytes);
            }

            @Override
            public long position() throws IOException {
                return real.position();
            }

            @Override
            public SeekableByteChannel position(long position) throws IOException {
                real.position(position);
                return this;
            }

            @Override
            public long size() throws IOException {
                return real.size();
            }

            @Override
            public SeekableByteChannel truncate(long size) throws IOException {
                real.truncate(size);
                return this;
            }

            @Override
            public boolean isOpen() {
                return real.isOpen();
            }

            @Override
            public void close() throws IOException {
                real.close();
            }
        };
    }

    @Override
    public long usableSpace(Path directory) {
        return honest ? room.get() : Long.MAX_VALUE;
    }
}
