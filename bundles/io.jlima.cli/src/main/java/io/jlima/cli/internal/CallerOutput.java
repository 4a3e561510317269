// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.StandardOpenOption;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Both outputs of a caller, at least one of them a pipe that the daemon can write itself. The first bytes go through the
 * client all the same, since most commands have few. Then the client is asked to leave the rest to the daemon. From there
 * on what is written is queued, and one thread of the system writes it in the order in which it came, whichever output
 * it is for: a write to a pipe lasts as long as its reader likes, and only on such a thread can it be cut short.
 */
final class CallerOutput {
    private static final Logger LOG = LoggerFactory.getLogger(CallerOutput.class);

    /** As much as a pipe of Linux holds, and less than the client takes in a frame. */
    private static final int PIECE = 65536;

    /** Pieces that wait; one more may be begun. */
    private static final int MOST = 3;

    /** What goes through the client is about what is not worth a thread. */
    static final int THROUGH_CLIENT = PIECE;

    /** How long somebody who was interrupted waits for a reader that does not read. */
    private static final long PATIENCE = TimeUnit.SECONDS.toNanos(1);

    private final List<CallerPipe> pipes;
    private final Frames frames;
    private int throughClient;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Deque<Piece> queue = new ArrayDeque<>();
    private final Map<Integer, Optional<FileChannel>> opened = new HashMap<>();
    private final Deque<Piece> spare = new ArrayDeque<>();
    private @Nullable Piece writing;
    private boolean left;
    private boolean over;
    private boolean impatient;
    private @Nullable Thread writer;

    /** @param throughClient how many bytes the client gets before it is asked to leave the rest to the daemon */
    CallerOutput(List<CallerPipe> pipes, Frames frames, int throughClient) {
        this.pipes = pipes;
        this.frames = frames;
        this.throughClient = throughClient;
    }

    /** Consecutive bytes for one output. */
    private static final class Piece {
        final byte[] bytes = new byte[PIECE];
        int stream;
        int size;

        boolean takes(int forStream, int length) {
            return stream == forStream && size + length <= PIECE;
        }

        void add(byte[] more, int offset, int length) {
            System.arraycopy(more, offset, bytes, size, length);
            size += length;
        }
    }

    /** @param number 1 or 2, as descriptors are numbered */
    OutputStream stream(int number) {
        return new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                write(new byte[] {(byte) b}, 0, 1);
            }

            @Override
            public void write(byte[] bytes, int offset, int length) throws IOException {
                for (int done = 0; done < length; done += PIECE) {
                    add(number, bytes, offset + done, Math.min(PIECE, length - done));
                }
            }
        };
    }

    private void add(int stream, byte[] bytes, int offset, int length) throws IOException {
        lock.lock();
        try {
            if (writer == null && length <= throughClient && !over) {
                throughClient -= length;
                copy(stream, bytes, offset, length);
                return;
            }
            awaitRoom();
            Piece last = queue.peekLast();
            if (last == null || !last.takes(stream, length)) {
                last = spare.isEmpty() ? new Piece() : spare.pop();
                last.stream = stream;
                last.size = 0;
                queue.add(last);
            }
            last.add(bytes, offset, length);
            if (writer == null) {
                writer = Thread.ofPlatform().daemon().name("caller-output").start(this::serve);
            }
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void copy(int stream, byte[] bytes, int offset, int length) throws IOException {
        frames.write(stream == 1 ? Frames.STDOUT : Frames.STDERR, bytes, offset, length);
    }

    /** The client has written what it got, and will get no more for the pipes. */
    void left() {
        lock.lock();
        try {
            left = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private void awaitRoom() throws IOException {
        try {
            while (!over && queue.size() > MOST) {
                if (impatient) {
                    throw new InterruptedIOException("interrupted before, and still nobody reads");
                }
                changed.await();
            }
        } catch (InterruptedException e) {
            impatient = true;
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while nobody reads");
        }
        if (over) {
            throw new IOException("the caller is gone, or reads no more");
        }
    }

    private void serve() {
        try {
            frames.write(Frames.LEAVE_OUTPUT);
            Piece piece;
            while ((piece = next()) != null) {
                FileChannel pipe = opened(piece.stream);
                if (pipe == null) {
                    copy(piece.stream, piece.bytes, 0, piece.size);
                } else {
                    write(ByteBuffer.wrap(piece.bytes, 0, piece.size), pipe);
                }
            }
        } catch (IOException e) {
            LOG.debug("Output of a caller ends", e);
            abandon();
        }
    }

    private void write(ByteBuffer content, FileChannel pipe) throws IOException {
        try {
            while (content.hasRemaining()) {
                pipe.write(content);
            }
        } catch (IOException e) {
            if (pipe.isOpen()) {
                frames.write(Frames.NOBODY_READS);
            }
            throw e;
        }
    }

    /** The next to be written, as soon as there is one; null when there will be no more. */
    private @Nullable Piece next() {
        lock.lock();
        try {
            if (writing != null) {
                spare.push(writing);
                writing = null;
                changed.signalAll();
            }
            while (!over && (queue.isEmpty() || !left)) {
                changed.awaitUninterruptibly();
            }
            writing = over ? null : queue.poll();
            return writing;
        } finally {
            lock.unlock();
        }
    }

    /** Null when that output goes through the client. */
    private @Nullable FileChannel opened(int stream) throws IOException {
        lock.lock();
        try {
            if (over) {
                throw new IOException("the caller is gone");
            }
            return opened.computeIfAbsent(
                            stream,
                            s -> pipes.stream()
                                    .filter(p -> p.stream() == s)
                                    .findFirst()
                                    .flatMap(p -> p.open(StandardOpenOption.WRITE)))
                    .orElse(null);
        } finally {
            lock.unlock();
        }
    }

    /**
     * Waits until all is written, and lets go of the pipes.
     *
     * @param interrupted whether the caller was, who then waits for a reader no longer than it must
     */
    void finish(BooleanSupplier interrupted) {
        boolean restore = Thread.interrupted();
        lock.lock();
        try {
            long nanos = PATIENCE;
            while (!over && nanos > 0 && (writing != null || !queue.isEmpty())) {
                try {
                    if (interrupted.getAsBoolean()) {
                        nanos = changed.awaitNanos(nanos);
                    } else {
                        changed.await();
                    }
                } catch (InterruptedException e) {
                    restore = true;
                }
            }
        } finally {
            lock.unlock();
        }
        abandon();
        if (restore) {
            Thread.currentThread().interrupt();
        }
    }

    /** Lets go of the pipes at once; whoever writes is told. */
    void abandon() {
        List<FileChannel> open = new ArrayList<>();
        lock.lock();
        try {
            over = true;
            queue.clear();
            changed.signalAll();
            opened.values().forEach(pipe -> pipe.ifPresent(open::add));
        } finally {
            lock.unlock();
        }
        // Not under the lock: this waits for the thread that writes.
        for (FileChannel pipe : open) {
            try {
                pipe.close();
            } catch (IOException e) {
                LOG.debug("A pipe does not close", e);
            }
        }
    }
}
