// SPDX-License-Identifier: Apache-2.0
package io.jlima.mount.sshfs.internal.sftp;

import java.io.IOException;
import java.io.OutputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Puts packets together and sends several at once. */
final class PacketWriter {
    /** Where a guest's connection is filled best; more than one answer to a read fits. */
    private static final int ENOUGH = 128 * 1024;

    private final OutputStream out;
    private final byte[] data = new byte[ENOUGH + Calls.TRANSFER + 64];
    private int start;
    private int length;

    PacketWriter(OutputStream out) {
        this.out = out;
    }

    PacketWriter begin(int type, int id) {
        start = length;
        length += 4;
        return number8(type).number(id);
    }

    PacketWriter number8(int value) {
        data[length++] = (byte) value;
        return this;
    }

    PacketWriter number(int value) {
        put(length, value);
        length += 4;
        return this;
    }

    private void put(int at, int value) {
        data[at] = (byte) (value >> 24);
        data[at + 1] = (byte) (value >> 16);
        data[at + 2] = (byte) (value >> 8);
        data[at + 3] = (byte) value;
    }

    PacketWriter number64(long value) {
        return number((int) (value >> 32)).number((int) value);
    }

    PacketWriter string(byte[] value) {
        number(value.length);
        System.arraycopy(value, 0, data, length, value.length);
        length += value.length;
        return this;
    }

    PacketWriter string(MemorySegment from, int size) {
        number(size);
        MemorySegment.copy(from, ValueLayout.JAVA_BYTE, 0, data, length, size);
        length += size;
        return this;
    }

    /** Where the next value will be, for {@link #fillIn}. */
    int position() {
        return length;
    }

    /** Sets a number that was not known when it was written. */
    void fillIn(int position, int value) {
        put(position, value);
    }

    /** Gives up the packet that was begun. */
    void drop() {
        length = start;
    }

    /** The packet is whole; it may stay here for a while. */
    void end() throws IOException {
        put(start, length - start - 4);
        start = length;
        if (length >= ENOUGH) {
            flush();
        }
    }

    void flush() throws IOException {
        if (length > 0) {
            out.write(data, 0, length);
            out.flush();
            length = 0;
            start = 0;
        }
    }
}
