// SPDX-License-Identifier: Apache-2.0
package io.jlima.guestagent.internal;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;

/** Takes frames out of a byte channel. Of one thread; its memory is one buffer. */
final class FrameReader {
    /** What may come before the answer: the rest of an earlier session, on its way through the machine. */
    private static final long MOST_GARBAGE = 4 << 20;

    private final ReadableByteChannel channel;

    /** Always ready to be read from. */
    private final ByteBuffer buffer =
            ByteBuffer.allocateDirect(2 * Wire.PREAMBLE).limit(0);

    private int tag;

    FrameReader(ReadableByteChannel channel) {
        this.channel = channel;
    }

    /**
     * A frame.
     *
     * @param body its content, until the next frame is taken
     */
    record Frame(int type, int id, ByteBuffer body) {}

    /** Is asked what to do when the agent says that it has just begun. */
    @FunctionalInterface
    interface Awakening {
        /** Says hello again, and returns the nonce of that. */
        long helloAgain() throws IOException;
    }

    /**
     * Waits, for as long as it takes, for the answer to a hello, and passes over everything before it.
     *
     * @return the nonce that was answered
     * @throws ProtocolException when far too much comes that is no answer, or one of another version
     */
    long awaitAnswer(long helloNonce, Awakening awakening) throws IOException {
        long nonce = helloNonce;
        long skipped = 0;
        while (true) {
            need(Wire.RECORD);
            int at = buffer.position();
            if (!Wire.isRecord(buffer, at)) {
                buffer.position(at + 1);
                if (++skipped > MOST_GARBAGE) {
                    throw new ProtocolException("no answer, but " + skipped + " bytes of something else");
                }
                continue;
            }
            int kind = buffer.get(at + 8);
            boolean ours = buffer.getLong(at + 12) == nonce;
            int version = buffer.get(at + 9);
            buffer.position(at + Wire.RECORD);
            if (kind == Wire.ANSWER && ours) {
                if (version != Wire.VERSION) {
                    throw new ProtocolException("an answer of version " + version + ", not " + Wire.VERSION);
                }
                tag = (int) (nonce >>> 32);
                return nonce;
            }
            if (kind == Wire.AWAKE) {
                nonce = awakening.helloAgain();
            }
        }
    }

    /**
     * The next frame.
     *
     * @throws AgentBegan when a preamble comes, maybe as the rest of a frame
     * @throws ProtocolException when something else comes that is no frame
     * @throws EOFException when the machine has hung up
     */
    Frame next() throws IOException {
        need(Wire.HEADER);
        int at = buffer.position();
        int type = buffer.get(at);
        if (type <= 0 || buffer.get(at + 1) != 0) {
            throw isPreamble(at) ? new AgentBegan() : new ProtocolException("something that is not a frame");
        }
        int length = Short.toUnsignedInt(buffer.getShort(at + 2));
        int id = buffer.getInt(at + 4);
        need(Wire.HEADER + length + Wire.TRAILER);
        at = buffer.position();
        if (buffer.getInt(at + Wire.HEADER + length) != tag) {
            // A preamble is longer than what any frame lacks, so that at least the last byte is of it.
            int last = at + Wire.HEADER + length + Wire.TRAILER - 1;
            throw isPreamble(last) ? new AgentBegan() : new ProtocolException("a torn frame");
        }
        tag++;
        buffer.position(at + Wire.HEADER + length + Wire.TRAILER);
        return new Frame(type, id, buffer.slice(at + Wire.HEADER, length));
    }

    /** Whether what has come from there on is zeros, and maybe a record after them. Does not wait for more. */
    private boolean isPreamble(int from) {
        int at = from;
        while (at < buffer.limit() && buffer.get(at) == 0) {
            at++;
        }
        return at > from && Wire.mayBeRecord(buffer, at);
    }

    /** Waits until so many bytes are there to be read. */
    private void need(int bytes) throws IOException {
        while (buffer.remaining() < bytes) {
            if (!buffer.hasRemaining() || buffer.capacity() - buffer.position() < bytes) {
                buffer.compact().flip();
            }
            int start = buffer.position();
            int got;
            buffer.position(buffer.limit()).limit(buffer.capacity());
            try {
                got = channel.read(buffer);
            } finally {
                buffer.limit(buffer.position()).position(start);
            }
            if (got < 0) {
                throw new EOFException("the machine has closed the agent's channel");
            }
        }
    }
}
