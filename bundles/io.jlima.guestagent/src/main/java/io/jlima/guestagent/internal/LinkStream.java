// SPDX-License-Identifier: Apache-2.0
package io.jlima.guestagent.internal;

import io.jlima.api.guest.GuestStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.util.ArrayDeque;
import java.util.Objects;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * One stream of a link. Each side sends no more than the other has said it takes, so what is kept here is bounded, and a
 * reader that is slow holds up its own stream only.
 */
final class LinkStream implements GuestStream {
    /** Empty datagrams cost no credit. */
    private static final int MOST_PACKETS = 1024;

    private final Link link;
    private final int id;
    private final boolean datagrams;

    /** Bytes that the guest may send before somebody reads. */
    private final int window;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final ByteQueue bytes = new ByteQueue();
    private final ArrayDeque<byte[]> packets = new ArrayDeque<>();
    private int waiting;
    private int consumed;
    private boolean ended;
    private boolean finished;
    private boolean closed;
    private @Nullable String failure;
    private long credit;
    private final In in = new In();
    private final Out out = new Out();

    LinkStream(Link link, int id, boolean datagrams, int window, long credit) {
        this.link = link;
        this.id = id;
        this.datagrams = datagrams;
        this.window = window;
        this.credit = credit;
    }

    int id() {
        return id;
    }

    int window() {
        return window;
    }

    // --- told by the link's reader

    void data(byte[] piece) throws ProtocolException {
        lock.lock();
        try {
            if (closed) {
                return;
            }
            waiting += piece.length;
            if (waiting + consumed > window || ended) {
                throw new ProtocolException("more on a stream than it was allowed to");
            }
            if (!datagrams) {
                bytes.add(piece);
            } else if (packets.size() < MOST_PACKETS) {
                packets.add(piece);
            } else {
                waiting -= piece.length;
                consumed += piece.length;
            }
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    void credit(int more) throws ProtocolException {
        lock.lock();
        try {
            credit += Integer.toUnsignedLong(more);
            if (credit > Integer.MAX_VALUE) {
                throw new ProtocolException("credit without end");
            }
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    void end() {
        boolean over;
        lock.lock();
        try {
            ended = true;
            over = finished;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        if (over) {
            link.forget(id);
        }
    }

    void fail(String why) {
        lock.lock();
        try {
            if (failure == null) {
                failure = why;
            }
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    // --- asked by its user

    @Override
    public InputStream in() {
        return in;
    }

    @Override
    public OutputStream out() {
        return out;
    }

    @Override
    public void finish() throws IOException {
        boolean over;
        lock.lock();
        try {
            if (closed || finished || failure != null) {
                return;
            }
            finished = true;
            over = ended;
        } finally {
            lock.unlock();
        }
        link.post(Wire.FIN, id, new byte[0]);
        if (over) {
            link.forget(id);
        }
    }

    @Override
    public void close() {
        boolean clean;
        lock.lock();
        try {
            if (closed) {
                return;
            }
            closed = true;
            clean = (ended && finished) || failure != null;
            bytes.clear();
            packets.clear();
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        if (!clean) {
            link.post(Wire.RESET, id, new byte[0]);
        }
        link.forget(id);
    }

    private void await() throws InterruptedIOException {
        try {
            changed.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while a stream of the guest was waited for");
        }
    }

    private final class In extends InputStream {
        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] target, int start, int length) throws IOException {
            Objects.checkFromIndexSize(start, length, target.length);
            if (length == 0) {
                return 0;
            }
            int taken;
            int grant;
            lock.lock();
            try {
                while (bytes.size() == 0 && packets.isEmpty()) {
                    if (closed) {
                        throw new IOException("the stream is closed");
                    }
                    if (failure != null) {
                        throw new IOException(failure);
                    }
                    if (ended) {
                        return -1;
                    }
                    await();
                }
                taken = take(target, start, length);
                grant = grant();
            } finally {
                lock.unlock();
            }
            if (grant > 0) {
                link.post(Wire.CREDIT, id, FrameWriter.number(grant));
            }
            return taken;
        }

        /** Takes what is there; of a datagram that does not fit the rest is dropped. */
        private int take(byte[] target, int start, int length) {
            int taken;
            int gone;
            if (datagrams) {
                byte[] packet = packets.remove();
                taken = Math.min(length, packet.length);
                System.arraycopy(packet, 0, target, start, taken);
                gone = packet.length;
            } else {
                taken = bytes.take(target, start, length);
                gone = taken;
            }
            waiting -= gone;
            consumed += gone;
            return taken;
        }

        /** What the guest is to be told that it may send again; 0 if that is not worth a frame yet. */
        private int grant() {
            if (consumed < window / 2 || ended) {
                return 0;
            }
            int grant = consumed;
            consumed = 0;
            return grant;
        }

        @Override
        public int available() {
            lock.lock();
            try {
                return packets.isEmpty() ? bytes.size() : packets.element().length;
            } finally {
                lock.unlock();
            }
        }

        @Override
        public void close() {
            LinkStream.this.close();
        }
    }

    private final class Out extends OutputStream {
        @Override
        public void write(int b) throws IOException {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] source, int start, int length) throws IOException {
            Objects.checkFromIndexSize(start, length, source.length);
            if (datagrams) {
                datagram(source, start, length);
                return;
            }
            for (int at = start; at < start + length; ) {
                int piece = reserve(Math.min(start + length - at, Wire.PIECE));
                link.write(Wire.DATA, id, source, at, piece);
                at += piece;
            }
        }

        /** Waits until the guest takes something, and returns how much of it may be sent. */
        private int reserve(int wanted) throws IOException {
            lock.lock();
            try {
                while (true) {
                    check();
                    if (credit > 0) {
                        int piece = (int) Math.min(wanted, credit);
                        credit -= piece;
                        return piece;
                    }
                    await();
                }
            } finally {
                lock.unlock();
            }
        }

        private void check() throws IOException {
            if (closed || finished) {
                throw new IOException("the stream is closed");
            }
            if (failure != null) {
                throw new IOException(failure);
            }
        }

        /** Sends it, or drops it where the guest is too slow, as networks do. */
        private void datagram(byte[] source, int start, int length) throws IOException {
            if (length > Wire.MAX_DATAGRAM) {
                throw new IOException("a datagram of " + length + " bytes");
            }
            lock.lock();
            try {
                check();
                if (credit < length) {
                    return;
                }
                credit -= length;
            } finally {
                lock.unlock();
            }
            link.write(Wire.DATA, id, source, start, length);
        }

        @Override
        public void close() throws IOException {
            finish();
        }
    }
}
