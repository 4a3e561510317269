// SPDX-License-Identifier: Apache-2.0
package io.jlima.guestagent.internal;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Puts frames into a byte channel, each whole. What one thread posts and writes arrives in that order, so that a place
 * that was given up can be asked for again at once. Thread-safe.
 */
final class FrameWriter {
    private final WritableByteChannel channel;
    private final ReentrantLock lock = new ReentrantLock();
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(Wire.HEADER + Wire.MAX_BODY + Wire.TRAILER);

    /** Small frames of callers that must not wait. Each stream has few of them at a time. */
    private final Queue<Small> posted = new ConcurrentLinkedQueue<>();

    private final Semaphore wake = new Semaphore(0);

    private int tag;

    private record Small(int type, int id, byte[] body) {}

    FrameWriter(WritableByteChannel channel) {
        this.channel = channel;
    }

    /** Writes the hello, in place of any frame; frames follow once {@link #begin} is called. */
    void hello(long nonce) throws IOException {
        ByteBuffer hello = ByteBuffer.allocate(Wire.PREAMBLE + Wire.RECORD)
                .position(Wire.PREAMBLE)
                .put(Wire.record(Wire.HELLO, nonce))
                .flip();
        lock.lock();
        try {
            while (hello.hasRemaining()) {
                channel.write(hello);
            }
        } finally {
            lock.unlock();
        }
    }

    void begin(long nonce) {
        tag = (int) nonce;
    }

    /** Writes a frame; blocks while the guest does not read. */
    void write(int type, int id, byte[] body, int offset, int length) throws IOException {
        lock.lock();
        try {
            writePosted();
            put(type, id, body, offset, length);
        } finally {
            lock.unlock();
        }
    }

    /** Call with the lock held. */
    private void put(int type, int id, byte[] body, int offset, int length) throws IOException {
        buffer.clear();
        buffer.put((byte) type).put((byte) 0).putShort((short) length).putInt(id);
        buffer.put(body, offset, length).putInt(tag++).flip();
        while (buffer.hasRemaining()) {
            channel.write(buffer);
        }
    }

    /** Call with the lock held: a frame leaves the queue and enters the channel in one step. */
    private void writePosted() throws IOException {
        for (Small frame = posted.poll(); frame != null; frame = posted.poll()) {
            put(frame.type(), frame.id(), frame.body(), 0, frame.body().length);
        }
    }

    void write(int type, int id, byte[] body) throws IOException {
        write(type, id, body, 0, body.length);
    }

    /** Has a small frame written soon, and returns at once. */
    void post(int type, int id, byte[] body) {
        posted.add(new Small(type, id, body));
        wake.release();
    }

    /** Writes what is posted, until the channel is closed or the thread is interrupted. */
    void run() {
        try {
            while (true) {
                wake.acquire();
                wake.drainPermits();
                lock.lockInterruptibly();
                try {
                    writePosted();
                } finally {
                    lock.unlock();
                }
            }
        } catch (IOException | InterruptedException e) {
            // The reader of the same channel sees to its end.
        }
    }

    static byte[] number(int value) {
        return ByteBuffer.allocate(4).putInt(value).array();
    }
}
