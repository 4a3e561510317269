// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Input of a client that sends only as much as it has been given credit for, so that it takes nothing from its caller's
 * standard input before somebody reads it, and never more than fits here.
 */
final class CreditedInput extends InputStream {
    /** Gives the sender leave to send so many more bytes. */
    interface Credit {
        void grant(int bytes) throws IOException;
    }

    private final int window;
    private final Credit credit;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Deque<byte[]> chunks = new ArrayDeque<>();
    private int consumedOfFirst;
    private int ungranted;
    private long outstanding;
    private boolean asked;
    private boolean onlyOnce;
    private boolean ended;

    CreditedInput(int window, Credit credit) {
        this.window = window;
        this.credit = credit;
    }

    /** Grants the window once and no more, before anything is read: then somebody else reads the rest. */
    void grantOnlyOnce() {
        onlyOnce = true;
    }

    /** Whether all that could come by one window has come and was read; the sender takes nothing more by itself. */
    boolean isUsedUp() {
        lock.lock();
        try {
            return onlyOnce && asked && outstanding == 0 && chunks.isEmpty() && !ended;
        } finally {
            lock.unlock();
        }
    }

    /** Grants as ever after all. */
    void grantOn() throws IOException {
        lock.lock();
        try {
            onlyOnce = false;
            ungranted = 0;
            grant(window);
        } finally {
            lock.unlock();
        }
    }

    /**
     * Takes what has come.
     *
     * @throws IOException when the sender had no leave to send that much
     */
    void add(byte[] bytes) throws IOException {
        lock.lock();
        try {
            outstanding -= bytes.length;
            if (outstanding < 0) {
                throw new IOException("the sender exceeds its credit by " + -outstanding + " bytes");
            }
            chunks.add(bytes);
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    void end() {
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
        lock.lock();
        try {
            if (!asked) {
                asked = true;
                grant(window);
            }
            while (chunks.isEmpty()) {
                if (ended) {
                    return -1;
                }
                changed.await();
            }
            byte[] first = chunks.element();
            int count = Math.min(length, first.length - consumedOfFirst);
            System.arraycopy(first, consumedOfFirst, target, offset, count);
            consumedOfFirst += count;
            if (consumedOfFirst == first.length) {
                chunks.remove();
                consumedOfFirst = 0;
            }
            consumed(count);
            return count;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while waiting for input");
        } finally {
            lock.unlock();
        }
    }

    /** Grants in large pieces: a frame per keystroke would be fine, one per byte of a bulk transfer would not. */
    private void consumed(int count) throws IOException {
        ungranted += count;
        if (!ended && !onlyOnce && (ungranted >= window / 2 || chunks.isEmpty())) {
            grant(ungranted);
            ungranted = 0;
        }
    }

    private void grant(int bytes) throws IOException {
        outstanding += bytes;
        credit.grant(bytes);
    }

    @Override
    public int available() {
        lock.lock();
        try {
            return chunks.isEmpty() ? 0 : chunks.element().length - consumedOfFirst;
        } finally {
            lock.unlock();
        }
    }
}
