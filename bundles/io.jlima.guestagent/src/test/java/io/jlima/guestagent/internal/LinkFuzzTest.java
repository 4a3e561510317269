// SPDX-License-Identifier: Apache-2.0
package io.jlima.guestagent.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;

/** Whatever a guest sends after its answer, the host's end of the channel ends by an {@link IOException}. */
class LinkFuzzTest {
    /** The rest of the input is sent as it is, in place of a frame. */
    private static final int RAW = 0;

    @FuzzTest(maxDuration = "10m")
    void guest(byte[] input) {
        Link link = new Link("fuzz", new Guest(input), new Listener());
        assertThatThrownBy(() -> {
                    link.meet();
                    link.run();
                })
                .isInstanceOf(IOException.class);
        assertThat(link.isOver()).isTrue();
        assertThat(link.streamCount()).isZero();
    }

    /**
     * Answers the hello and then sends frames: of each the input has type, id, length and body. Their ends are right, which
     * no chance would make them.
     */
    private static final class Guest implements ByteChannel {
        private final byte[] input;
        private ByteBuffer out = ByteBuffer.allocate(0);
        private boolean closed;

        Guest(byte[] input) {
            this.input = input;
        }

        private void answer(long nonce) {
            // A frame for each byte at worst.
            ByteBuffer all = ByteBuffer.allocate(Wire.RECORD + input.length * (1 + Wire.HEADER + Wire.TRAILER));
            all.put(Wire.record(Wire.ANSWER, nonce));
            int tag = (int) (nonce >>> 32);
            ByteBuffer in = ByteBuffer.wrap(input);
            while (in.remaining() >= 3) {
                int type = in.get();
                if (type == RAW) {
                    all.put(in);
                    break;
                }
                int id = in.get();
                int length = Byte.toUnsignedInt(in.get());
                byte[] body = new byte[Math.min(in.remaining(), length)];
                in.get(body);
                all.put((byte) type).put((byte) 0).putShort((short) body.length).putInt(id);
                all.put(body).putInt(tag++);
            }
            out = all.flip();
        }

        @Override
        public synchronized int write(ByteBuffer source) {
            int length = source.remaining();
            if (length == Wire.PREAMBLE + Wire.RECORD) {
                answer(source.getLong(source.position() + Wire.PREAMBLE + 12));
            }
            source.position(source.limit());
            return length;
        }

        @Override
        public synchronized int read(ByteBuffer target) {
            if (closed || !out.hasRemaining()) {
                return -1;
            }
            int length = Math.min(target.remaining(), out.remaining());
            target.put(out.slice(out.position(), length));
            out.position(out.position() + length);
            return length;
        }

        @Override
        public synchronized boolean isOpen() {
            return !closed;
        }

        @Override
        public synchronized void close() {
            closed = true;
        }
    }
}
