// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.image;

import static org.assertj.core.api.Assertions.assertThat;

import io.jlima.api.Progress;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class OutputFileTest {
    @TempDir
    Path directory;

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 4096, 65_536, 100_000, 1 << 20})
    void writesWhatItIsGivenWhateverThePieces(int piece) throws Exception {
        byte[] content = new byte[1_000_001];
        byte[] noise = Desk.noise(100_000, 1);
        System.arraycopy(noise, 0, content, 0, noise.length);
        System.arraycopy(noise, 0, content, 500_000, noise.length);
        if (piece == 1) {
            content = Arrays.copyOf(content, 200_000);
        }
        Path file = directory.resolve("file");
        try (OutputFile out = OutputFile.open(Storage.FILE_SYSTEM, file, content.length)) {
            for (int i = 0; i < content.length; i += piece) {
                out.write(ByteBuffer.wrap(content, i, Math.min(piece, content.length - i)));
            }
            out.finish();
            assertThat(out.position()).isEqualTo(content.length);
        }
        assertThat(file).hasBinaryContent(content);
    }

    @Test
    void continuesAtTheEnd() throws Exception {
        Path file = Files.write(directory.resolve("file"), new byte[] {1, 2});
        try (OutputFile out = OutputFile.open(Storage.FILE_SYSTEM, file, -1)) {
            out.write(ByteBuffer.wrap(new byte[] {3}));
            out.finish();
        }
        assertThat(file).hasBinaryContent(new byte[] {1, 2, 3});
    }

    @Test
    void copiesKeepZerosOffTheDisk() throws Exception {
        byte[] content = new byte[4 << 20];
        content[content.length / 2] = 1;
        Path from = Files.write(directory.resolve("from"), content);
        Path to = directory.resolve("to");
        FileCopy.copy(from, to, Progress.SILENT);
        assertThat(to).hasBinaryContent(content);
        assertThat(DownloadsTest.blocks(from)).isGreaterThanOrEqualTo(content.length);
        assertThat(DownloadsTest.blocks(to)).isLessThan(1 << 20);
    }

    @ParameterizedTest
    @CsvSource({
        "0, 0 bytes",
        "1023, 1023 bytes",
        "1024, 1 KiB",
        "1536, 1.50 KiB",
        "3221225472, 3 GiB",
        "3221225473, 3.00 GiB",
        "9223372036854775807, 8 EiB"
    })
    void sizesAreReadable(long bytes, String text) {
        assertThat(ByteSize.text(bytes)).isEqualTo(text);
    }
}
