// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.instance;

import static org.assertj.core.api.Assertions.assertThat;

import io.jlima.api.Progress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InstanceCopyTest {
    @TempDir
    private Path home;

    private InstanceFolder from;
    private InstanceFolder to;

    @BeforeEach
    void make() throws IOException {
        from = new InstanceFolder("old", Files.createDirectory(home.resolve("old")));
        to = new InstanceFolder("new", home.resolve("new"));
        for (String name : List.of(
                "lima.yaml",
                "diffdisk",
                "basedisk",
                "protected",
                "qemu.pid",
                "qmp.sock",
                "x.tmp",
                "ready",
                "vz-identifier")) {
            Files.writeString(from.file(name), name);
        }
        Files.createSymbolicLink(from.file("disk"), Path.of("diffdisk"));
        Files.createDirectory(from.file("swtpm"));
        Files.writeString(from.file("swtpm").resolve("state"), "x");
        Files.createDirectory(from.file("sub"));
        Files.writeString(from.file("sub").resolve("file"), "y");
        Files.setPosixFilePermissions(from.file("basedisk"), PosixFilePermissions.fromString("r--r--r--"));
        Files.setPosixFilePermissions(from.file("lima.yaml"), PosixFilePermissions.fromString("rw-------"));
    }

    private static List<String> names(InstanceFolder folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder.path())) {
            return files.filter(f -> !f.equals(folder.path()))
                    .map(f -> folder.path().relativize(f).toString())
                    .sorted()
                    .toList();
        }
    }

    @Test
    void whatBelongsToOneLifeIsLeftOut() throws Exception {
        new InstanceCopy(from, to, Progress.SILENT).run();
        assertThat(names(to))
                .containsExactly("basedisk", "diffdisk", "disk", "lima.yaml", "sub", "sub/file", "vz-identifier");
        assertThat(to.file("vz-identifier")).isEmptyFile();
        assertThat(Files.readSymbolicLink(to.file("disk"))).isEqualTo(Path.of("diffdisk"));
        assertThat(Files.getAttribute(to.file("basedisk"), "unix:ino"))
                .as("nobody writes to it, so there is one")
                .isEqualTo(Files.getAttribute(from.file("basedisk"), "unix:ino"));
        assertThat(Files.getAttribute(to.file("diffdisk"), "unix:ino"))
                .isNotEqualTo(Files.getAttribute(from.file("diffdisk"), "unix:ino"));
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(to.file("lima.yaml"))))
                .isEqualTo("rw-------");
        assertThat(home.resolve(".new.new")).doesNotExist();
        assertThat(names(from)).hasSize(13);
    }

    @Test
    void renamingKeepsProtection() throws Exception {
        from.moveTo(to);
        assertThat(names(to))
                .contains("protected", "lima.yaml", "sub/file")
                .doesNotContain("qemu.pid", "qmp.sock", "ready");
        assertThat(Files.exists(from.path(), LinkOption.NOFOLLOW_LINKS)).isFalse();
    }
}
