// SPDX-License-Identifier: Apache-2.0
package io.jlima.mount.sshfs.internal.sftp;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class FullDiskTest {
    private static final int STATUS = 101;
    private static final int DATA = 103;

    /** A packet of a server: its type, the number of the request, and what follows. */
    private static byte[] packet(int type, byte... rest) {
        return ByteBuffer.allocate(9 + rest.length)
                .putInt(5 + rest.length)
                .put((byte) type)
                .putInt(0x0101_0404)
                .put(rest)
                .array();
    }

    private static byte[] status(int code) {
        return packet(STATUS, (byte) 0, (byte) 0, (byte) (code >> 8), (byte) code, (byte) 'F', (byte) 4);
    }

    private static byte[] all(List<byte[]> packets) {
        ByteBuffer joined =
                ByteBuffer.allocate(packets.stream().mapToInt(p -> p.length).sum());
        packets.forEach(joined::put);
        return joined.array();
    }

    /** The version of the protocol, which has no number, and what resembles a failure without being one. */
    private static byte[] said(int failure) {
        return all(List.of(
                new byte[] {0, 0, 0, 5, 2, 0, 0, 0, 3},
                status(failure),
                packet(DATA, status(4)),
                new byte[] {0, 0, 0, 0},
                new byte[] {0, 0, 0, 1, STATUS},
                status(0x104),
                status(0),
                packet(STATUS, (byte) 0, (byte) 0, (byte) 0, (byte) failure),
                status(3),
                status(failure)));
    }

    private static byte[] passed(byte[] said, int piece, AtomicInteger asked, boolean full) {
        FullDisk disk = new FullDisk(() -> {
            asked.incrementAndGet();
            return full;
        });
        ByteBuffer heard = ByteBuffer.allocate(said.length);
        for (int at = 0; at < said.length; at += piece) {
            byte[] data = Arrays.copyOf(Arrays.copyOfRange(said, at, Math.min(said.length, at + piece)), piece + 7);
            int size = Math.min(piece, said.length - at);
            disk.pass(data, size);
            heard.put(data, 0, size);
        }
        return heard.array();
    }

    @Test
    void failuresOfAFullDiskSayThatThereIsNoSpaceHoweverTheyCome() {
        byte[] said = said(4);
        for (int piece = 1; piece <= said.length; piece++) {
            AtomicInteger asked = new AtomicInteger();
            assertThat(passed(said, piece, asked, true))
                    .as("in pieces of " + piece)
                    .isEqualTo(said(14));
            assertThat(asked).hasValue(3);
        }
    }

    @Test
    void whileThereIsSpaceNothingChanges() {
        byte[] said = said(4);
        AtomicInteger asked = new AtomicInteger();
        assertThat(passed(said, said.length, asked, false)).isEqualTo(said);
        assertThat(asked).hasValue(3);
    }
}
