// SPDX-License-Identifier: Apache-2.0
package io.jlima.guestagent.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jlima.guestagent.internal.FrameReader.Frame;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import org.junit.jupiter.api.Test;

class FrameReaderTest {
    private static final long NONCE = 0x7a7b7c7d_01020304L;
    private static final int TAG = 0x7a7b7c7d;
    private static final byte[] BODY = {1, 2, 0, 3};

    /** An agent that wakes. */
    private static byte[] awakening() {
        return ByteBuffer.allocate(Wire.PREAMBLE + Wire.RECORD)
                .position(Wire.PREAMBLE)
                .put(Wire.record(Wire.AWAKE, 0))
                .array();
    }

    private static byte[] frame(int tag) {
        return ByteBuffer.allocate(Wire.HEADER + BODY.length + Wire.TRAILER)
                .put((byte) Wire.DATA)
                .put((byte) 0)
                .putShort((short) BODY.length)
                .putInt(3)
                .put(BODY)
                .putInt(tag)
                .array();
    }

    /** A reader in a session, in which these bytes come. */
    private static FrameReader reading(byte[]... parts) throws IOException {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        all.writeBytes(Wire.record(Wire.ANSWER, NONCE).array());
        for (byte[] part : parts) {
            all.writeBytes(part);
        }
        FrameReader reader = new FrameReader(Channels.newChannel(new ByteArrayInputStream(all.toByteArray())));
        assertThat(reader.awaitAnswer(NONCE, () -> NONCE)).isEqualTo(NONCE);
        return reader;
    }

    @Test
    void framesUntilTheEnd() throws IOException {
        FrameReader reader = reading(frame(TAG), frame(TAG + 1));
        for (int i = 0; i < 2; i++) {
            Frame frame = reader.next();
            assertThat(frame.type()).isEqualTo(Wire.DATA);
            assertThat(frame.id()).isEqualTo(3);
            assertThat(frame.body()).isEqualTo(ByteBuffer.wrap(BODY));
        }
        assertThatThrownBy(reader::next).isInstanceOf(EOFException.class);
    }

    @Test
    void anAgentThatBeginsAnewIsKnownWhereverTheOldOneEnded() throws IOException {
        byte[] frame = frame(TAG + 1);
        for (int cut = 0; cut < frame.length; cut++) {
            FrameReader reader = reading(frame(TAG), java.util.Arrays.copyOf(frame, cut), awakening());
            reader.next();
            assertThatThrownBy(reader::next).as("cut after " + cut).isInstanceOf(AgentBegan.class);
        }
    }

    @Test
    void aFewZerosAreEnoughForThat() throws IOException {
        FrameReader reader = reading(new byte[Wire.HEADER]);
        assertThatThrownBy(reader::next).isInstanceOf(AgentBegan.class);
    }

    @Test
    void garbageIsNoBeginning() throws IOException {
        byte[] untyped = frame(TAG);
        untyped[0] = 0;
        byte[] marked = frame(TAG);
        marked[1] = 1;
        byte[] zerosFirst = new byte[200];
        zerosFirst[150] = 'J';
        for (byte[] garbage :
                new byte[][] {untyped, marked, zerosFirst, "HTTP/1.1 200 OK".getBytes(), frame(TAG + 1)}) {
            FrameReader reader = reading(garbage);
            assertThatThrownBy(reader::next)
                    .isInstanceOf(ProtocolException.class)
                    .hasMessageContaining("frame");
        }
    }
}
