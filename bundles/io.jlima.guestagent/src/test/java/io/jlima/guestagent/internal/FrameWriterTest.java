// SPDX-License-Identifier: Apache-2.0
package io.jlima.guestagent.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class FrameWriterTest {
    private static final int ROUNDS = 20_000;

    @Test
    void whatOneThreadPostsAndWritesArrivesInThatOrder() throws Exception {
        ByteArrayOutputStream sent = new ByteArrayOutputStream();
        FrameWriter writer = new FrameWriter(Channels.newChannel(sent));
        writer.begin(0);
        Thread poster = Thread.ofPlatform().start(writer::run);
        try {
            for (int i = 0; i < ROUNDS; i += 2) {
                writer.post(Wire.UNLISTEN, i, new byte[0]);
                writer.write(Wire.LISTEN, i + 1, new byte[0]);
            }
        } finally {
            poster.interrupt();
            poster.join();
        }
        ByteBuffer frames = ByteBuffer.wrap(sent.toByteArray());
        int size = Wire.HEADER + Wire.TRAILER;
        assertThat(IntStream.range(0, frames.limit() / size).map(i -> frames.getInt(i * size + 4)))
                .containsExactlyElementsOf(IntStream.range(0, ROUNDS).boxed().toList());
    }
}
