// SPDX-License-Identifier: Apache-2.0
package io.jlima.mount.sshfs.internal.sftp;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;

/** Takes packets from a stream, and numbers and strings from the packet; section 3 of draft-ietf-secsh-filexfer-02. */
final class PacketReader {
    /** OpenSSH's server takes no larger ones either. */
    static final int LONGEST = 256 * 1024;

    private final InputStream in;
    private byte[] data = new byte[64 * 1024];
    private int filled;
    private int position;
    private int end;
    private int stringLength;

    PacketReader(InputStream in) {
        this.in = in;
    }

    /** Whether the next packet has arrived already, so that no answer need be sent before it. */
    boolean hasNext() {
        int have = filled - end;
        return have >= 4 && have - 4 >= length(end);
    }

    private int length(int at) {
        return (data[at] & 0xff) << 24 | (data[at + 1] & 0xff) << 16 | (data[at + 2] & 0xff) << 8 | data[at + 3] & 0xff;
    }

    /**
     * Goes to the next packet.
     *
     * @return false at the end of the stream
     * @throws IOException when what comes is no packet, or ends in the middle of one
     */
    boolean next() throws IOException {
        System.arraycopy(data, end, data, 0, filled - end);
        filled -= end;
        end = 0;
        if (!fill(4)) {
            return false;
        }
        int length = length(0);
        if (length < 1 || length > LONGEST) {
            throw new IOException("A packet of " + length + " bytes");
        }
        if (!fill(4 + length)) {
            throw new EOFException("The stream ended within a packet");
        }
        position = 4;
        end = 4 + length;
        return true;
    }

    private boolean fill(int wanted) throws IOException {
        if (data.length < wanted) {
            data = Arrays.copyOf(data, Math.max(wanted, LONGEST + 4));
        }
        while (filled < wanted) {
            int got = in.read(data, filled, data.length - filled);
            if (got < 0) {
                return false;
            }
            filled += got;
        }
        return true;
    }

    int number8() throws IOException {
        return data[take(1)] & 0xff;
    }

    int number() throws IOException {
        return length(take(4));
    }

    long number64() throws IOException {
        long high = number();
        return high << 32 | number() & 0xffffffffL;
    }

    byte[] string() throws IOException {
        int length = number();
        int at = take(length);
        return Arrays.copyOfRange(data, at, at + length);
    }

    private int take(int length) throws IOException {
        if (length < 0 || length > end - position) {
            throw new IOException("A packet is shorter than what it says is in it");
        }
        int at = position;
        position += length;
        return at;
    }

    /** Passes a string by and tells where it begins in {@link #bytes}; {@link #skipped} tells its length. */
    int skipString() throws IOException {
        stringLength = number();
        return take(stringLength);
    }

    /** Length of the string that was passed by. */
    int skipped() {
        return stringLength;
    }

    /** Valid until the next packet. */
    byte[] bytes() {
        return data;
    }
}
