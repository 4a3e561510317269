// SPDX-License-Identifier: Apache-2.0
package io.jlima.ssh.internal;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.IntConsumer;

/**
 * What a command writes, for a reader in another thread. It never holds more than the channel's window, because the
 * command may only go on writing as the reader reads.
 *
 * <p>SSHD's own pipe will not do: closing it makes the next data an error of the whole connection.
 */
final class OutputPipe extends InputStream implements OutputSink {
    private static final int FIRST_SIZE = 8192;

    private final IntConsumer taken;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private byte[] ring = new byte[FIRST_SIZE];
    private int head;
    private int count;
    private boolean ended;
    private boolean discarding;

    /** @param taken told how many bytes the reader has taken, so that the command may write as many more */
    OutputPipe(IntConsumer taken) {
        this.taken = taken;
    }

    @Override
    public int accept(byte[] data, int offset, int length) {
        lock.lock();
        try {
            if (discarding || ended) {
                return length;
            }
            makeRoom(length);
            int tail = (head + count) % ring.length;
            int first = Math.min(length, ring.length - tail);
            System.arraycopy(data, offset, ring, tail, first);
            System.arraycopy(data, offset + first, ring, 0, length - first);
            count += length;
            changed.signalAll();
            return 0;
        } finally {
            lock.unlock();
        }
    }

    private void makeRoom(int more) {
        int size = ring.length;
        while (size - count < more) {
            size *= 2;
        }
        if (size > ring.length) {
            byte[] larger = new byte[size];
            copyOut(larger, 0, count);
            ring = larger;
            head = 0;
        }
    }

    private void copyOut(byte[] target, int offset, int length) {
        int first = Math.min(length, ring.length - head);
        System.arraycopy(ring, head, target, offset, first);
        System.arraycopy(ring, 0, target, offset + first, length - first);
    }

    @Override
    public void end() {
        lock.lock();
        try {
            ended = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
        if (length == 0) {
            return 0;
        }
        int got;
        lock.lock();
        try {
            while (count == 0 && !ended && !discarding) {
                changed.await();
            }
            if (discarding) {
                throw new IOException("The stream has been closed");
            }
            if (count == 0) {
                return -1;
            }
            got = Math.min(length, count);
            copyOut(target, offset, got);
            head = (head + got) % ring.length;
            count -= got;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("Interrupted while waiting for the command's output");
        } finally {
            lock.unlock();
        }
        taken.accept(got);
        return got;
    }

    @Override
    public int available() {
        lock.lock();
        try {
            return count;
        } finally {
            lock.unlock();
        }
    }

    /** From now on, what the command writes is thrown away; the command itself does not notice. */
    @Override
    public void close() {
        int left;
        lock.lock();
        try {
            discarding = true;
            left = count;
            count = 0;
            ring = new byte[1];
            head = 0;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        if (left > 0) {
            taken.accept(left);
        }
    }
}
