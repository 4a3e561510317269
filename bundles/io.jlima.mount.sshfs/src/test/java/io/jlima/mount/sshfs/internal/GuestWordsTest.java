// SPDX-License-Identifier: Apache-2.0
package io.jlima.mount.sshfs.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class GuestWordsTest {
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
        try (GuestWords words = new GuestWords(text("0 mounted\n\nüber\nlast"))) {
            assertThat(words.line()).isEqualTo("0 mounted");
            assertThat(words.line()).isEmpty();
            assertThat(words.line()).isEqualTo("über");
            assertThat(words.line()).isEqualTo("last");
            assertThat(words.line()).isNull();
        }
    }

    @Test
    void aLineWithoutEndIsCutOff() throws IOException {
        long more = 1L << 26;
        try (GuestWords words = new GuestWords(new SequenceInputStream(new Letters(more), text("\nnext\n")))) {
            assertThat(words.line()).hasSize(GuestWords.LONGEST_LINE);
            assertThat(words.line()).isEqualTo("next");
        }
    }

    @Test
    void whatPeopleAreToldIsNoBookEither() {
        StringBuilder words = new StringBuilder();
        for (int i = 0; i < 1000; i++) {
            GuestWords.add(words, "x".repeat(GuestWords.LONGEST_LINE));
        }
        assertThat(words.length()).isBetween(GuestWords.MOST, 2 * GuestWords.MOST);
        StringBuilder few = new StringBuilder();
        GuestWords.add(few, " one ");
        GuestWords.add(few, "two");
        assertThat(few).hasToString("one; two");
    }
}
