// SPDX-License-Identifier: Apache-2.0
package io.jlima.mount.sshfs.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class GuestLinesTest {
    /** As many letters as are asked for. */
    private static final class Letters extends InputStream {
        private long left;

        Letters(long count) {
            left = count;
        }

        @Override
        public int read() {
            return left-- > 0 ? 'x' : -1;
        }

        @Override
        public int read(byte[] into, int from, int length) {
            int count = (int) Math.min(left, length);
            java.util.Arrays.fill(into, from, from + count, (byte) 'x');
            left -= count;
            return count == 0 ? -1 : count;
        }
    }

    private static InputStream text(String text) {
        return new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void linesAreAsTheyWereSaid() throws IOException {
        try (GuestLines words = new GuestLines(text("0 mounted\n\nüber\nlast"))) {
            assertThat(words.next()).isEqualTo("0 mounted");
            assertThat(words.next()).isEmpty();
            assertThat(words.next()).isEqualTo("über");
            assertThat(words.next()).isEqualTo("last");
            assertThat(words.next()).isNull();
        }
    }

    @Test
    void aLineWithoutEndIsCutOff() throws IOException {
        long more = 1L << 26;
        try (GuestLines words = new GuestLines(new SequenceInputStream(new Letters(more), text("\nnext\n")))) {
            assertThat(words.next()).hasSize(GuestLines.LONGEST_LINE);
            assertThat(words.next()).isEqualTo("next");
        }
    }

    @Test
    void whatPeopleAreToldIsNoBookEither() {
        StringBuilder words = new StringBuilder();
        for (int i = 0; i < 1000; i++) {
            GuestLines.add(words, "x".repeat(GuestLines.LONGEST_LINE));
        }
        assertThat(words.length()).isBetween(GuestLines.MOST, 2 * GuestLines.MOST);
        StringBuilder few = new StringBuilder();
        GuestLines.add(few, " one ");
        GuestLines.add(few, "two");
        assertThat(few).hasToString("one; two");
    }
}
