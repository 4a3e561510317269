// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jlima.api.HostEnvironment;
import io.jlima.api.Progress;
import io.jlima.core.internal.image.ImageFormat;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DataDisksTest {
    private static final HostEnvironment CALLER = HostEnvironment.ofThisProcess();

    @TempDir
    private Path home;

    private DataDisks disks;

    @BeforeEach
    void open() {
        disks = new DataDisks(home.resolve("_disks"));
    }

    @Test
    void bothFormatsAreWhatTheyAreCalled() throws Exception {
        disks.create("a", 5 << 20, ImageFormat.QCOW2, CALLER);
        disks.create("b", 3 << 20, ImageFormat.RAW, CALLER);
        assertThat(disks.names()).containsExactly("a", "b");
        assertThat(disks.size("a", CALLER)).isEqualTo(5 << 20);
        assertThat(disks.size("b", CALLER)).isEqualTo(3 << 20);
        assertThat(ImageFormat.of(disks.file("a"))).isEqualTo(ImageFormat.QCOW2);
        assertThat(disks.format("b")).isEqualTo(ImageFormat.RAW);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(disks.directory("a"))))
                .isEqualTo("rwx------");
        assertNothingTemporary();
    }

    /** A guest may write the beginning of another format into its raw disk; it stays raw all the same. */
    @Test
    void aRawDiskStaysRaw() throws Exception {
        disks.create("b", 1 << 20, ImageFormat.RAW, CALLER);
        byte[] content = new byte[1 << 20];
        byte[] magic = "QFI\u00fb".getBytes(StandardCharsets.ISO_8859_1);
        System.arraycopy(magic, 0, content, 0, magic.length);
        Files.write(disks.file("b"), content);
        assertThat(disks.format("b")).isEqualTo(ImageFormat.RAW);
    }

    @Test
    void growsAndNeverShrinks() throws Exception {
        disks.create("a", 2 << 20, ImageFormat.QCOW2, CALLER);
        disks.grow("a", 4 << 20, CALLER);
        assertThat(disks.size("a", CALLER)).isEqualTo(4 << 20);
        assertThatThrownBy(() -> disks.grow("a", 1 << 20, CALLER)).hasMessageContaining("less than the current");
        assertThat(disks.size("a", CALLER)).isEqualTo(4 << 20);
    }

    @Test
    void importsACopy() throws Exception {
        Path image = Files.write(home.resolve("image"), new byte[1 << 20]);
        disks.importImage("c", image, Progress.SILENT);
        assertThat(disks.format("c")).isEqualTo(ImageFormat.RAW);
        Files.delete(image);
        assertThat(disks.size("c", CALLER)).isEqualTo(1 << 20);
        assertThatThrownBy(() -> disks.importImage("d", home.resolve("none"), Progress.SILENT))
                .hasMessageContaining("cannot read the image");
        assertNothingTemporary();
    }

    @Test
    void oneHolderAtATime() throws Exception {
        disks.create("a", 1 << 20, ImageFormat.RAW, CALLER);
        assertThat(disks.holder("a")).isEmpty();
        disks.lock("a", home.resolve("one"));
        assertThat(disks.holder("a")).contains("one");
        assertThat(Files.readSymbolicLink(disks.directory("a").resolve("in_use_by")))
                .isEqualTo(home.resolve("one"));
        disks.unlockAllOf("other");
        assertThat(disks.holder("a")).contains("one");
        disks.unlockAllOf("one");
        assertThat(disks.holder("a")).isEmpty();
        disks.delete("a");
        assertThat(disks.names()).isEmpty();
    }

    private void assertNothingTemporary() throws IOException {
        try (Stream<Path> files = Files.walk(home)) {
            assertThat(files.map(f -> f.getFileName().toString()))
                    .noneMatch(n -> n.endsWith(".tmp") || n.endsWith(".new"));
        }
    }
}
