// SPDX-License-Identifier: Apache-2.0
package io.jlima.mount.sshfs.internal.sftp;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.Test;

class FullDiskTest {
    private static final int INIT = 1;
    private static final int OPEN = 3;
    private static final int WRITE = 6;
    private static final int MKDIR = 14;
    private static final int RMDIR = 15;
    private static final int SYMLINK = 20;
    private static final int STATUS = 101;
    private static final int DATA = 103;

    private static final int FAILURE = 4;
    private static final int NO_SPACE = 14;

    private int looks;
    private boolean full = true;
    private final FullDisk disk = new FullDisk(() -> {
        looks++;
        return full;
    });

    /** A packet: its type, the number of the request, and what follows. */
    private static byte[] packet(int type, int request, byte... rest) {
        return ByteBuffer.allocate(9 + rest.length)
                .putInt(5 + rest.length)
                .put((byte) type)
                .putInt(request)
                .put(rest)
                .array();
    }

    private static byte[] status(int request, int code) {
        return packet(STATUS, request, (byte) 0, (byte) 0, (byte) (code >> 8), (byte) code, (byte) 'F', (byte) 4);
    }

    private static byte[] all(List<byte[]> packets) {
        ByteBuffer joined =
                ByteBuffer.allocate(packets.stream().mapToInt(p -> p.length).sum());
        packets.forEach(joined::put);
        return joined.array();
    }

    /** What passes in pieces, each in a buffer that has more in it. */
    private static byte[] passed(BiConsumer<byte[], Integer> seen, byte[] bytes, int piece) {
        ByteBuffer heard = ByteBuffer.allocate(bytes.length);
        for (int at = 0; at < bytes.length; at += piece) {
            int size = Math.min(piece, bytes.length - at);
            byte[] data = Arrays.copyOf(Arrays.copyOfRange(bytes, at, at + size), size + 7);
            seen.accept(data, size);
            heard.put(data, 0, size);
        }
        return heard.array();
    }

    private void ask(int type, int request) {
        byte[] asked = packet(type, request, (byte) WRITE);
        assertThat(passed(disk::asked, asked, asked.length)).isEqualTo(asked);
    }

    private void answer(byte[] said, byte[] heard) {
        assertThat(passed(disk::answered, said, said.length)).isEqualTo(heard);
    }

    @Test
    void failuresOfAFullDiskSayThatThereIsNoSpaceHoweverTheyCome() {
        byte[] requests = all(List.of(
                packet(INIT, 3),
                packet(WRITE, 0x0101_0404, packet(OPEN, 9)),
                packet(OPEN, 2),
                packet(MKDIR, 3),
                packet(SYMLINK, 4),
                packet(RMDIR, 5, packet(WRITE, 5))));
        int lastRequest = requests.length;
        for (int piece = 1; piece <= lastRequest; piece++) {
            looks = 0;
            assertThat(passed(disk::asked, requests, piece)).isEqualTo(requests);
            assertThat(passed(disk::answered, answers(FAILURE), piece))
                    .as("in pieces of " + piece)
                    .isEqualTo(answers(NO_SPACE));
            assertThat(looks).isEqualTo(4);
        }
    }

    /** The version, which has no number, and what resembles a failure of what was asked without being one. */
    private static byte[] answers(int failure) {
        return all(List.of(
                new byte[] {0, 0, 0, 5, 2, 0, 0, 0, 3},
                status(2, failure),
                packet(DATA, 0x0101_0404, status(0x0101_0404, FAILURE)),
                new byte[] {0, 0, 0, 0},
                new byte[] {0, 0, 0, 1, STATUS},
                status(5, FAILURE),
                status(9, FAILURE),
                packet(STATUS, 3, (byte) 0, (byte) 0, (byte) 0, (byte) failure),
                status(0x0101_0404, failure),
                status(4, failure)));
    }

    @Test
    void otherAnswersAndThoseWhileThereIsSpaceStayAsTheyAre() {
        ask(WRITE, 1);
        answer(status(1, 0), status(1, 0));
        ask(WRITE, 2);
        answer(status(2, 3), status(2, 3));
        ask(WRITE, 3);
        answer(status(3, 0x104), status(3, 0x104));
        assertThat(looks).isZero();
        full = false;
        ask(WRITE, 4);
        answer(status(4, FAILURE), status(4, FAILURE));
        assertThat(looks).isEqualTo(1);
    }

    /** Numbers that share a place: the latest counts. */
    @Test
    void ofTooManyOnTheWayTheOldestAreForgotten() {
        ask(WRITE, 7);
        ask(WRITE, 7 + 4096);
        answer(status(7, FAILURE), status(7, FAILURE));
        answer(status(7 + 4096, FAILURE), status(7 + 4096, NO_SPACE));
        ask(MKDIR, -1);
        answer(status(-1, FAILURE), status(-1, NO_SPACE));
    }
}
