// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jlima.api.LimaException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class ImageFormatTest {
    @TempDir
    Path directory;

    /** Runs a program in the directory of the test. */
    private void run(String... command) throws Exception {
        Process process = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .start();
        String words = new String(process.getInputStream().readAllBytes());
        assertThat(process.waitFor()).as("%s: %s", List.of(command), words).isZero();
    }

    private Path image(String... options) throws Exception {
        List<String> command = new ArrayList<>(List.of("qemu-img", "create", "-q"));
        command.addAll(List.of(options));
        command.addAll(List.of("image", "8M"));
        run(command.toArray(new String[0]));
        return directory.resolve("image");
    }

    /** Changes bytes in the middle of a file. */
    private static Path patch(Path file, Consumer<ByteBuffer> change) throws Exception {
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file));
        change.accept(bytes);
        return Files.write(file, bytes.array());
    }

    @ParameterizedTest
    @EnumSource(
            value = ImageFormat.class,
            names = {"ISO9660"},
            mode = EnumSource.Mode.EXCLUDE)
    void formatsAreFoundByContent(ImageFormat format) throws Exception {
        Path image = image("-f", format.word());
        assertThat(ImageFormat.of(image)).isEqualTo(format);
        assertThat(ImageFormat.ofForeign(image)).isEqualTo(format);
    }

    @ParameterizedTest
    @ValueSource(strings = {"compat=0.10", "compat=1.1", "cluster_size=2M", "extended_l2=on", "preallocation=metadata"})
    void everyOrdinaryQcow2IsTaken(String option) throws Exception {
        Path image = image("-f", "qcow2", "-o", option);
        assertThat(ImageFormat.ofForeign(image)).isEqualTo(ImageFormat.QCOW2);
        assertThat(Qcow2Header.read(image)).hasValueSatisfying(h -> {
            assertThat(h.virtualSize()).isEqualTo(8 << 20);
            assertThat(h.backingFile()).isNull();
        });
    }

    @Test
    void aCdIsFoundByItsDescriptor() throws Exception {
        Files.writeString(directory.resolve("readme"), "hello");
        run("xorriso", "-as", "mkisofs", "-quiet", "-o", "image", "readme");
        assertThat(ImageFormat.ofForeign(directory.resolve("image"))).isEqualTo(ImageFormat.ISO9660);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "Q", "QFI", "BZh", "conectix and so on", "QFI\u00fb"})
    void anythingElseIsRaw(String content) throws Exception {
        Path file = Files.writeString(directory.resolve("image"), content);
        assertThat(ImageFormat.ofForeign(file)).isEqualTo(ImageFormat.RAW);
        assertThat(Qcow2Header.read(file)).isEmpty();
    }

    @Test
    void anImageOnAnotherFileIsRefused() throws Exception {
        run("qemu-img", "create", "-q", "-f", "raw", "secret", "8M");
        Path image = image(
                "-f", "qcow2", "-F", "raw", "-b", directory.resolve("secret").toString());
        assertThat(ImageFormat.of(image)).isEqualTo(ImageFormat.QCOW2);
        assertThatThrownBy(() -> ImageFormat.ofForeign(image))
                .isInstanceOf(LimaException.class)
                .hasMessageContaining("it is based on another file, " + directory.resolve("secret"));
    }

    @Test
    void anImageWithItsDataElsewhereIsRefused() throws Exception {
        Path image = image("-f", "qcow2", "-o", "data_file=elsewhere,data_file_raw=on");
        assertThatThrownBy(() -> ImageFormat.ofForeign(image))
                .isInstanceOf(LimaException.class)
                .hasMessageContaining("its content is in another file");
    }

    @ParameterizedTest
    @CsvSource({
        "1, 0, 0, it is of version 1",
        "4, 0, 0, it is of version 4",
        "3, 9223372036854775807, 10, it is based on another file",
        "3, -1, 10, it is based on another file",
        "3, 16, 2147483647, it is based on another file",
        "2, 16, -5, it is based on another file"
    })
    void aHeaderThatLiesIsRefused(int version, long nameOffset, int nameLength, String words) throws Exception {
        Path image = patch(
                image("-f", "qcow2"),
                b -> b.putInt(4, version).putLong(8, nameOffset).putInt(16, nameLength));
        assertThatThrownBy(() -> ImageFormat.ofForeign(image))
                .isInstanceOf(LimaException.class)
                .hasMessageContaining(words);
    }

    @Test
    void aNegativeSizeIsRefused() throws Exception {
        Path image = patch(image("-f", "qcow2"), b -> b.putLong(24, -1));
        assertThatThrownBy(() -> ImageFormat.ofForeign(image)).hasMessageContaining("negative size");
    }

    @Test
    void anEncryptedImageIsRefused() throws Exception {
        Path image = patch(image("-f", "qcow2"), b -> b.putInt(32, 2));
        assertThatThrownBy(() -> ImageFormat.ofForeign(image)).hasMessageContaining("it is encrypted");
    }

    @Test
    void aTruncatedHeaderIsNotTakenForAnImage() throws Exception {
        Path image = image("-f", "qcow2");
        Files.write(image, Arrays.copyOf(Files.readAllBytes(image), 40));
        assertThatThrownBy(() -> ImageFormat.ofForeign(image)).hasMessageContaining("its header is not whole");
    }

    @ParameterizedTest
    @ValueSource(strings = {"monolithicFlat", "twoGbMaxExtentSparse"})
    void aVmdkInSeveralFilesIsRefused(String kind) throws Exception {
        Path image = image("-f", "vmdk", "-o", "subformat=" + kind);
        assertThatThrownBy(() -> ImageFormat.ofForeign(image)).hasMessageContaining("its content is in other files");
    }

    @Test
    void aVmdkThatPointsElsewhereIsRefused() throws Exception {
        Path hollow = patch(image("-f", "vmdk"), b -> b.putLong(12, 0));
        assertThatThrownBy(() -> ImageFormat.ofForeign(hollow)).hasMessageContaining("its content is in other files");

        run("qemu-img", "create", "-q", "-f", "vmdk", "parent", "8M");
        Path child = image("-f", "vmdk", "-F", "vmdk", "-b", "parent");
        assertThatThrownBy(() -> ImageFormat.ofForeign(child)).hasMessageContaining("it is based on another file");
    }
}
