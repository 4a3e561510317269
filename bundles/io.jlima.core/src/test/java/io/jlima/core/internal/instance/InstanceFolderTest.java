// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.instance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jlima.api.LimaException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InstanceFolderTest {
    @TempDir
    Path home;

    private InstanceFolder folder;

    @BeforeEach
    void name() {
        folder = new InstanceFolder("x", home.resolve("x"));
    }

    private static List<String> names(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.map(f -> f.getFileName().toString()).sorted().toList();
        }
    }

    private static String permissions(Path file) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
    }

    @Test
    void isMadeWithItsConfiguration() throws Exception {
        folder.create("images: []\n", "2.2.0+jlima");
        assertThat(folder.exists()).isTrue();
        assertThat(names(home)).containsExactly("x");
        assertThat(names(folder.path())).containsExactly("lima-version", "lima.yaml");
        assertThat(folder.limaYaml()).hasContent("images: []\n");
        assertThat(folder.version()).isEqualTo("2.2.0+jlima");
        assertThat(permissions(folder.path())).isEqualTo("rwx------");
        assertThat(permissions(folder.file("lima-version"))).isEqualTo("r--r--r--");
        assertThat(folder.hasLived()).isFalse();
    }

    @Test
    void aCrashedCreationIsNoObstacle() throws Exception {
        Files.createDirectories(home.resolve(".x.new/sub"));
        Files.writeString(home.resolve(".x.new/lima.yaml"), "half");
        folder.create("all", "1");
        assertThat(names(home)).containsExactly("x");
        assertThat(folder.limaYaml()).hasContent("all");
    }

    @Test
    void aCreationThatFailsLeavesNothing() throws Exception {
        Files.createDirectories(folder.file("somebody's"));
        assertThatThrownBy(() -> folder.create("y", "1"))
                .isInstanceOf(LimaException.class)
                .hasMessageStartingWith("cannot make the directory of instance `x`");
        assertThat(names(home)).containsExactly("x");
        assertThat(names(folder.path())).containsExactly("somebody's");
    }

    @Test
    void isDeletedWithAllThatIsInIt() throws Exception {
        folder.create("y", "1");
        Files.createDirectories(folder.file("a/b"));
        Path outside = Files.writeString(home.resolve("outside"), "kept");
        Files.createSymbolicLink(folder.file("link"), outside);
        Files.createSymbolicLink(folder.file("dirlink"), home);
        Files.createDirectories(home.resolve(".x.deleted/old"));
        folder.delete();
        assertThat(names(home)).containsExactly("outside");
        assertThat(outside).hasContent("kept");
    }

    @Test
    void whatIsNotThereCannotBeDeleted() {
        assertThatThrownBy(folder::delete).hasMessageStartingWith("cannot delete the directory of instance `x`");
    }

    @Test
    void resetKeepsConfigurationAndIdentity() throws Exception {
        folder.create("y", "1");
        for (String name : List.of("protected", "vz-identifier", "other.yml", "diffdisk", "ha.pid", "serial.log")) {
            Files.writeString(folder.file(name), "");
        }
        Files.createDirectories(folder.file("sock.d/deep"));
        assertThat(folder.hasLived()).isTrue();
        assertThat(folder.isProtected()).isTrue();
        folder.reset();
        assertThat(names(folder.path()))
                .containsExactly("lima-version", "lima.yaml", "other.yml", "protected", "vz-identifier");
    }

    @Test
    void readersSeeOneContentOrTheOther() throws Exception {
        folder.create("y", "1");
        String one = "1".repeat(100_000);
        String two = "2".repeat(100_000);
        folder.write("f", one, "rw-r--r--");
        AtomicBoolean over = new AtomicBoolean();
        AtomicBoolean torn = new AtomicBoolean();
        Thread reader = Thread.ofPlatform().start(() -> {
            while (!over.get()) {
                try {
                    String seen = Files.readString(folder.file("f"));
                    torn.compareAndSet(false, !seen.equals(one) && !seen.equals(two));
                } catch (IOException e) {
                    torn.set(true);
                }
            }
        });
        for (int i = 0; i < 200; i++) {
            folder.write("f", i % 2 == 0 ? two : one, "rw-r--r--");
        }
        over.set(true);
        Eventually.ends(reader);
        assertThat(torn).isFalse();
        assertThat(names(folder.path())).doesNotContain("f.tmp");
    }

    @Test
    void aSecretIsNeverOpenToOthers() throws Exception {
        folder.create("y", "1");
        folder.write("key", "s", "rw-------");
        assertThat(permissions(folder.file("key"))).isEqualTo("rw-------");
        Files.setPosixFilePermissions(folder.file("key"), PosixFilePermissions.fromString("rw-r--r--"));
        folder.write("key", "t", "rw-------");
        assertThat(permissions(folder.file("key"))).isEqualTo("rw-------");
    }

    @Test
    void aWriteThatFailsLeavesNoDraft() throws Exception {
        folder.create("y", "1");
        Files.createDirectories(folder.file("f/full"));
        assertThatThrownBy(() -> folder.write("f", "x", "rw-r--r--"))
                .hasMessageStartingWith("cannot write " + folder.file("f"));
        assertThat(names(folder.path())).containsExactly("f", "lima-version", "lima.yaml");
    }

    @Test
    void aDraftThatACrashLeftIsNoObstacle() throws Exception {
        folder.create("y", "1");
        Files.writeString(folder.file("f.tmp"), "half, and longer than the whole");
        folder.write("f", "whole", "rw-r--r--");
        assertThat(folder.file("f")).content().isEqualTo("whole");
        assertThat(names(folder.path())).containsExactly("f", "lima-version", "lima.yaml");
    }

    @Test
    void refusalsOfTheFileSystemCarryARemedy() {
        assertThat(InstanceFolder.trouble("w", new AccessDeniedException("/p")))
                .hasMessage("w\npermission denied: /p\nCheck the owner and the permissions of LIMA_HOME");
        assertThat(InstanceFolder.trouble("w", new FileSystemException("/p", null, "No space left on device")))
                .hasMessage("w\nNo space left on device\nMake room on the disk and give the command again");
        assertThat(InstanceFolder.trouble("w", new FileSystemException("/p", null, "Read-only file system")))
                .hasMessage("w\nRead-only file system\nSet LIMA_HOME to a directory that can be written to");
        assertThat(InstanceFolder.trouble("w", new IOException("odd"))).hasMessage("w\njava.io.IOException: odd");
    }

    @Test
    void aLinkIsNoInstance() throws Exception {
        Files.createSymbolicLink(home.resolve("x"), Files.createDirectory(home.resolve("real")));
        assertThat(folder.exists()).isFalse();
        Files.createDirectory(home.resolve("_config"));
        Files.createDirectory(home.resolve(".x.new"));
        Files.createFile(home.resolve("file"));
        assertThat(new HomeFolder(home, home, "0.1.0").instances())
                .extracting(InstanceFolder::name)
                .containsExactly("real");
    }
}
