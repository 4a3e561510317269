// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal;

import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Frames on a connection to a client: one byte for the type, four for the length (big-endian), and that many bytes.
 * One thread may read while any number write.
 */
final class Frames {
    // Client to daemon.
    static final int REQUEST = 0;
    static final int STDIN = 1;
    static final int RESIZE = 2;
    static final int SIGNAL = 3;
    static final int OUTPUT_LEFT = 4;
    // Daemon to client.
    static final int ACCEPTED = 10;
    static final int OTHER_VERSION = 11;
    static final int STDOUT = 12;
    static final int STDERR = 13;
    static final int EXIT = 14;
    static final int STDIN_CREDIT = 15;
    static final int RAW_TERMINAL = 16;
    static final int CATCH_SIGNALS = 17;
    static final int ENDING = 18;
    static final int NOBODY_READS = 19;
    static final int LEAVE_OUTPUT = 20;

    /** A request holds the caller's whole environment, which Linux bounds at a quarter of an 8 MiB stack. */
    private static final int LONGEST = 4 << 20;

    private final SocketChannel channel;
    private final ReentrantLock writing = new ReentrantLock();

    Frames(SocketChannel channel) {
        this.channel = channel;
    }

    /** A frame that came in. */
    record Frame(int type, byte[] body) {
        int number(int index) throws IOException {
            if (body.length < 4 * (index + 1)) {
                throw new EOFException("a frame of type " + type + " with " + body.length + " bytes");
            }
            return ByteBuffer.wrap(body).getInt(4 * index);
        }

        String text() {
            return new String(body, StandardCharsets.UTF_8);
        }
    }

    /** The next frame; null at the end of the connection. */
    @Nullable
    Frame read() throws IOException {
        ByteBuffer header = ByteBuffer.allocate(5);
        if (!fill(header)) {
            return null;
        }
        header.flip();
        int type = header.get();
        int length = header.getInt();
        if (length < 0 || length > LONGEST) {
            throw new IOException("a frame of " + length + " bytes");
        }
        ByteBuffer body = ByteBuffer.allocate(length);
        if (!fill(body)) {
            throw new EOFException("connection ended within a frame");
        }
        return new Frame(type, body.array());
    }

    private boolean fill(ByteBuffer buffer) throws IOException {
        while (buffer.hasRemaining()) {
            if (channel.read(buffer) < 0) {
                return false;
            }
        }
        return true;
    }

    void write(int type, byte[] body, int offset, int length) throws IOException {
        ByteBuffer frame = ByteBuffer.allocate(5 + length);
        frame.put((byte) type).putInt(length).put(body, offset, length).flip();
        writing.lock();
        // A write with the interrupt pending would close the channel, and the client would not hear why its command
        // ends.
        boolean interrupted = Thread.interrupted();
        try {
            while (frame.hasRemaining()) {
                channel.write(frame);
            }
        } finally {
            writing.unlock();
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    void write(int type, int number) throws IOException {
        write(type, ByteBuffer.allocate(4).putInt(number).array(), 0, 4);
    }

    void write(int type) throws IOException {
        write(type, new byte[0], 0, 0);
    }

    /** One string of a request: its length, then its bytes. */
    static String string(DataInputStream data) throws IOException {
        int length = data.readInt();
        if (length < 0 || length > data.available()) {
            throw new IOException("a string of " + length + " bytes");
        }
        return new String(data.readNBytes(length), StandardCharsets.UTF_8);
    }
}
