// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A caller's input that is a pipe. What the client sends by its first credit comes first, since most commands read
 * little; the rest is read by the daemon itself, no more than is wanted. That is done by a thread of the system, since a
 * read lasts as long as the writer likes, and only there can it be cut short.
 */
final class PipeInput extends InputStream {
    private static final Logger LOG = LoggerFactory.getLogger(PipeInput.class);

    private final CallerPipe pipe;
    private final CreditedInput sent;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final byte[] buffer = new byte[32768];
    private int begin;
    private int end;
    private int wanted;
    private boolean ended;
    private boolean tried;
    private @Nullable FileChannel opened;

    /** @param sent what comes through the client: at first, and also later when the pipe cannot be had */
    PipeInput(CallerPipe pipe, CreditedInput sent) {
        this.pipe = pipe;
        this.sent = sent;
        sent.grantOnlyOnce();
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
        return isPassed() ? take(target, offset, length) : sent.read(target, offset, length);
    }

    @Override
    public int available() {
        lock.lock();
        try {
            return opened != null ? end - begin : sent.available();
        } finally {
            lock.unlock();
        }
    }

    /** Whether the client is done with it. */
    private boolean isPassed() throws IOException {
        lock.lock();
        try {
            if (!tried && sent.isUsedUp()) {
                tried = true;
                opened = pipe.open(StandardOpenOption.READ).orElse(null);
                if (opened == null) {
                    sent.grantOn();
                } else if (!ended) {
                    FileChannel from = opened;
                    Thread.ofPlatform().daemon().name("caller-input").start(() -> serve(from));
                } else {
                    opened.close();
                }
            }
            return opened != null;
        } finally {
            lock.unlock();
        }
    }

    private int take(byte[] target, int offset, int length) throws IOException {
        lock.lock();
        try {
            while (begin == end) {
                if (ended) {
                    return -1;
                }
                // Whoever was interrupted may have left a wish behind, which is as good.
                wanted = wanted > 0 ? wanted : Math.min(length, buffer.length);
                changed.signalAll();
                changed.await();
            }
            int count = Math.min(length, end - begin);
            System.arraycopy(buffer, begin, target, offset, count);
            begin += count;
            return count;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while waiting for input");
        } finally {
            lock.unlock();
        }
    }

    /** Reads when something is wanted, until the end. */
    private void serve(FileChannel from) {
        try {
            int wish;
            do {
                wish = awaitWish();
            } while (wish > 0 && got(from.read(ByteBuffer.wrap(buffer, 0, wish))));
        } catch (IOException e) {
            LOG.debug("Input of a caller ends", e);
        } finally {
            end();
        }
    }

    private int awaitWish() {
        lock.lock();
        try {
            while (wanted == 0 && !ended) {
                changed.awaitUninterruptibly();
            }
            return ended ? 0 : wanted;
        } finally {
            lock.unlock();
        }
    }

    private boolean got(int count) {
        lock.lock();
        try {
            wanted = 0;
            begin = 0;
            end = Math.max(0, count);
            changed.signalAll();
            return count > 0;
        } finally {
            lock.unlock();
        }
    }

    /** Lets go of the pipe; whoever reads finds the end. */
    void end() {
        sent.end();
        FileChannel open;
        lock.lock();
        try {
            ended = true;
            open = opened;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        if (open != null) {
            try {
                // Not under the lock: this waits for the thread that reads.
                open.close();
            } catch (IOException e) {
                LOG.debug("A pipe does not close", e);
            }
        }
    }
}
