// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jlima.api.HostEnvironment;
import io.jlima.api.LimaException;
import io.jlima.api.Progress;
import io.jlima.core.internal.image.AtomicFile;
import io.jlima.core.internal.image.CachedImage;
import io.jlima.core.internal.image.ImageFormat;
import io.jlima.core.internal.image.Qcow2Header;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class InstanceDisksTest {
    private static final long MIB = 1 << 20;

    @TempDir
    Path cache;

    /** A name with what shells and QEMU take for something else. */
    private Path directory;

    private HostEnvironment caller;
    private InstanceDisks disks;

    @BeforeEach
    void open(@TempDir Path parent) throws Exception {
        directory = Files.createDirectory(parent.resolve("file: my, instance"));
        caller = new HostEnvironment(Map.of("PATH", System.getenv("PATH")), parent, 022);
        disks = new InstanceDisks(directory, caller);
    }

    private static String run(Path where, String... command) throws Exception {
        Process process = new ProcessBuilder(command)
                .directory(where.toFile())
                .redirectErrorStream(true)
                .start();
        String words = new String(process.getInputStream().readAllBytes());
        assertThat(process.waitFor()).as("%s: %s", List.of(command), words).isZero();
        return words;
    }

    /** An image of this format in the cache, with a first byte that can be told. */
    private CachedImage image(ImageFormat format, long size) throws Exception {
        Path raw = cache.resolve("raw");
        Files.write(raw, new byte[] {42});
        run(cache, "truncate", "-s", Long.toString(size), "raw");
        Path file = cache.resolve("image-" + format.word());
        Files.deleteIfExists(file);
        run(cache, "qemu-img", "convert", "-f", "raw", "-O", format.word(), "raw", file.toString());
        AtomicFile.makeReadOnly(file);
        return new CachedImage(file, format, null, null, "");
    }

    private CachedImage iso() throws Exception {
        run(cache, "xorriso", "-as", "mkisofs", "-quiet", "-o", "cd.iso", "raw");
        AtomicFile.makeReadOnly(cache.resolve("cd.iso"));
        return new CachedImage(cache.resolve("cd.iso"), ImageFormat.ISO9660, null, null, "");
    }

    private InstanceDisk create(CachedImage image, long size) throws Exception {
        return disks.create(image, size, Progress.SILENT);
    }

    private List<String> files() throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.map(f -> f.getFileName().toString()).sorted().toList();
        }
    }

    /** What qemu-img says of the disk as the guest sees it. */
    private void checkChain(String baseFormat, long size) throws Exception {
        String chain = run(directory, "qemu-img", "info", "--backing-chain", "--output=json", "disk");
        assertThat(chain)
                .contains("\"backing-filename\": \"basedisk\"")
                .contains("\"backing-filename-format\": \"" + baseFormat + "\"")
                .contains("\"virtual-size\": " + size)
                .contains("\"filename\": \"basedisk\"");
        run(directory, "qemu-img", "check", "-q", "diffdisk");
        String first = run(directory, "qemu-io", "-r", "-f", "qcow2", "-c", "read -P 42 0 1", "disk");
        assertThat(first).contains("read 1/1 bytes").doesNotContain("verification failed");
    }

    @ParameterizedTest
    @EnumSource(
            value = ImageFormat.class,
            names = {"ISO9660"},
            mode = EnumSource.Mode.EXCLUDE)
    void theOverlayLiesOnTheImage(ImageFormat format) throws Exception {
        CachedImage image = image(format, 16 * MIB);
        InstanceDisk disk = create(image, 64 * MIB);
        assertThat(disk)
                .isEqualTo(new InstanceDisk(directory.resolve("disk"), ImageFormat.QCOW2, null, null, null, ""));
        assertThat(files()).containsExactly("basedisk", "diffdisk", "disk");
        assertThat(Files.readSymbolicLink(directory.resolve("disk"))).isEqualTo(Path.of("diffdisk"));
        assertThat(Files.isSameFile(directory.resolve("basedisk"), image.disk()))
                .as("hard link")
                .isTrue();
        checkChain(format.word(), 64 * MIB);
    }

    @Test
    void aFileThatSomebodyMayWriteToIsCopied() throws Exception {
        CachedImage image = image(ImageFormat.RAW, 16 * MIB);
        run(cache, "chmod", "u+w", image.disk().toString());
        create(image, 16 * MIB);
        Path base = directory.resolve("basedisk");
        assertThat(Files.isSameFile(base, image.disk())).isFalse();
        assertThat(AtomicFile.isReadOnly(base)).isTrue();
        assertThat(base).hasSameBinaryContentAs(image.disk());
        checkChain("raw", 16 * MIB);
    }

    @Test
    void aKernelComesAlong() throws Exception {
        CachedImage plain = image(ImageFormat.QCOW2, MIB);
        Path kernel = Files.writeString(cache.resolve("vmlinuz"), "kernel");
        Path initrd = Files.writeString(cache.resolve("initrd"), "initrd");
        InstanceDisk disk = create(new CachedImage(plain.disk(), plain.format(), kernel, initrd, "root=/dev/vda"), MIB);
        assertThat(disk.kernel()).isEqualTo(directory.resolve("kernel")).hasContent("kernel");
        assertThat(disk.initrd()).isEqualTo(directory.resolve("initrd")).hasContent("initrd");
        assertThat(disk.cmdline()).isEqualTo("root=/dev/vda");
        assertThat(Files.readString(directory.resolve("kernel.cmdline"))).isEqualTo("root=/dev/vda");
        assertThat(disks.open(MIB)).isEqualTo(disk);
    }

    @Test
    void aCdGetsAnEmptyDiskBesideIt() throws Exception {
        image(ImageFormat.RAW, MIB);
        InstanceDisk disk = create(iso(), 32 * MIB);
        assertThat(disk.iso()).isEqualTo(directory.resolve("iso"));
        assertThat(Files.readSymbolicLink(directory.resolve("iso"))).isEqualTo(Path.of("basedisk"));
        assertThat(Qcow2Header.read(disk.disk())).hasValueSatisfying(h -> {
            assertThat(h.backingFile()).isNull();
            assertThat(h.virtualSize()).isEqualTo(32 * MIB);
        });
    }

    @Test
    void askingAgainChangesNothing() throws Exception {
        CachedImage image = image(ImageFormat.QCOW2, MIB);
        InstanceDisk disk = create(image, 2 * MIB);
        Object inode = Files.getAttribute(directory.resolve("diffdisk"), "unix:ino");
        byte[] content = Files.readAllBytes(directory.resolve("diffdisk"));
        assertThat(disks.exist()).isTrue();
        assertThat(create(new CachedImage(Path.of("/gone"), ImageFormat.RAW, null, null, ""), 2 * MIB))
                .isEqualTo(disk);
        assertThat(Files.getAttribute(directory.resolve("diffdisk"), "unix:ino"))
                .isEqualTo(inode);
        assertThat(directory.resolve("diffdisk")).hasBinaryContent(content);
    }

    @Test
    void theDiskGrowsAndNeverShrinks() throws Exception {
        create(image(ImageFormat.QCOW2, MIB), 2 * MIB);
        disks.open(2 * MIB + 1);
        checkChain("qcow2", 2 * MIB + 512);
        disks.open(8 * MIB);
        checkChain("qcow2", 8 * MIB);
        assertThatThrownBy(() -> disks.open(3 * MIB))
                .isInstanceOf(LimaException.class)
                .hasMessageContaining("cannot be made smaller")
                .hasMessageContaining("is 8 MiB, and lima.yaml asks for 3 MiB")
                .hasMessageContaining("\"8MiB\" or more");
        checkChain("qcow2", 8 * MIB);
    }

    @ParameterizedTest
    @EnumSource(
            value = ImageFormat.class,
            names = {"ISO9660"},
            mode = EnumSource.Mode.EXCLUDE)
    void anImageLargerThanTheDiskIsRefused(ImageFormat format) throws Exception {
        CachedImage image = image(format, 16 * MIB);
        assertThatThrownBy(() -> create(image, 8 * MIB))
                .isInstanceOf(LimaException.class)
                .hasMessageContaining("smaller than its image")
                .hasMessageContaining(image.disk() + " is 16 MiB, and lima.yaml asks for 8 MiB")
                .hasMessageContaining("Set disk: in lima.yaml to \"16MiB\" or more.");
        assertThat(files()).isEmpty();
        assertThat(disks.exist()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"basedisk", "kernel", "kernel.cmdline", "disk", "basedisk.tmp", "diffdisk.tmp", "all"})
    void whatACrashLeftIsMadeAnew(String leftover) throws Exception {
        CachedImage image = image(ImageFormat.QCOW2, MIB);
        List<String> names = leftover.equals("all")
                ? List.of("basedisk", "kernel", "initrd", "kernel.cmdline", "iso", "diffdisk.tmp", "kernel.tmp")
                : List.of(leftover);
        for (String name : names) {
            Path file = directory.resolve(name);
            if (name.equals("disk")) {
                Files.createSymbolicLink(file, Path.of("diffdisk"));
            } else {
                Files.writeString(file, "half");
            }
        }
        if (leftover.equals("all")) {
            Files.createSymbolicLink(directory.resolve("disk.tmp"), Path.of("nowhere"));
        }
        assertThat(disks.exist()).isFalse();
        InstanceDisk disk = create(image, 2 * MIB);
        assertThat(disk.kernel()).isNull();
        assertThat(disk.cmdline()).isEmpty();
        assertThat(disk.iso()).isNull();
        checkChain("qcow2", 2 * MIB);
        assertThat(files()).contains("basedisk", "diffdisk", "disk").doesNotContain("kernel", "initrd", "iso");
    }

    @Test
    void aCreationThatDiedAfterLinkingTheImageIsRepeated() throws Exception {
        CachedImage image = image(ImageFormat.QCOW2, MIB);
        Files.createLink(directory.resolve("basedisk"), image.disk());
        create(image, 2 * MIB);
        assertThat(files()).containsExactly("basedisk", "diffdisk", "disk");
    }

    @ParameterizedTest
    @ValueSource(strings = {"raw", "qcow2"})
    void aSingleDiskOfLimaIsUsedAsItIs(String format) throws Exception {
        run(directory, "qemu-img", "create", "-q", "-f", format, "disk", "1M");
        assertThat(disks.exist()).isTrue();
        InstanceDisk disk = disks.open(4 * MIB);
        assertThat(disk.format().word()).isEqualTo(format);
        assertThat(disk.disk()).isEqualTo(directory.resolve("disk"));
        assertThat(files()).containsExactly("disk");
        assertThat(run(directory, "qemu-img", "info", "-f", format, "disk")).contains("4 MiB");
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void anOverlayOfAnOlderLimaIsUsedAsItIs(boolean absolute) throws Exception {
        run(directory, "qemu-img", "create", "-q", "-f", "raw", "basedisk", "1M");
        String base = absolute ? directory.resolve("basedisk").toString() : "basedisk";
        run(directory, "qemu-img", "create", "-q", "-u", "-f", "qcow2", "-F", "raw", "-b", base, "diffdisk", "2M");
        Files.writeString(directory.resolve("kernel"), "kernel");
        InstanceDisk disk = disks.open(2 * MIB);
        assertThat(disk.disk()).isEqualTo(directory.resolve("diffdisk"));
        assertThat(disk.kernel()).isNotNull();
        assertThat(disk.cmdline()).isEmpty();
        assertThat(files()).containsExactly("basedisk", "diffdisk", "kernel");
    }

    @Test
    void aCdOfAnOlderLimaIsFound() throws Exception {
        image(ImageFormat.RAW, MIB);
        Files.copy(iso().disk(), directory.resolve("basedisk"));
        run(directory, "qemu-img", "create", "-q", "-f", "qcow2", "diffdisk", "2M");
        assertThat(disks.open(2 * MIB).iso()).isEqualTo(directory.resolve("basedisk"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"/etc/passwd", "../other/basedisk", "json:{}", "nbd://localhost"})
    void aDiskOnAFileOfOthersIsRefused(String base) throws Exception {
        run(directory, "qemu-img", "create", "-q", "-u", "-f", "qcow2", "-F", "raw", "-b", base, "disk", "2M");
        assertThatThrownBy(() -> disks.open(2 * MIB))
                .isInstanceOf(LimaException.class)
                .hasMessageContaining("based on a file that is not of this instance")
                .hasMessageContaining("Backing file: " + base);
    }

    @Test
    void aRawDiskInWhichTheGuestNamesOtherFilesIsRefused() throws Exception {
        run(directory, "qemu-img", "create", "-q", "-f", "vmdk", "-o", "subformat=monolithicFlat", "disk", "1M");
        assertThatThrownBy(() -> disks.open(2 * MIB))
                .isInstanceOf(LimaException.class)
                .hasMessageContaining("its content is in other files");
    }

    @Test
    void anInstanceWithoutDiskIsTold() {
        assertThatThrownBy(() -> disks.open(MIB))
                .isInstanceOf(LimaException.class)
                .hasMessageContaining("The instance has no disk");
    }

    @Test
    void aMissingQemuImgIsNamedWithItsPackage() throws Exception {
        CachedImage image = image(ImageFormat.QCOW2, MIB);
        InstanceDisks without =
                new InstanceDisks(directory, new HostEnvironment(Map.of("PATH", "/nowhere"), cache, 022));
        assertThatThrownBy(() -> without.create(image, 2 * MIB, Progress.SILENT))
                .isInstanceOf(LimaException.class)
                .hasMessageContaining("The program qemu-img is needed")
                .hasMessageContaining("package qemu-utils");
        assertThat(disks.exist()).isFalse();
        create(image, 2 * MIB);
        checkChain("qcow2", 2 * MIB);
    }

    @Test
    void aQemuImgThatFailsIsQuotedAndLeavesNoDisk() throws Exception {
        CachedImage image = image(ImageFormat.QCOW2, MIB);
        Path programs = Files.createDirectory(cache.resolve("bin"));
        Path fake = Files.writeString(
                programs.resolve("qemu-img"), "#!/bin/sh\necho half > diffdisk.tmp\necho 'no way' >&2\nexit 3\n");
        run(programs, "chmod", "+x", fake.toString());
        Map<String, String> variables = new HashMap<>(caller.variables());
        variables.put("PATH", programs + ":" + System.getenv("PATH"));
        InstanceDisks broken = new InstanceDisks(directory, new HostEnvironment(variables, cache, 022));
        assertThatThrownBy(() -> broken.create(image, 2 * MIB, Progress.SILENT))
                .isInstanceOf(LimaException.class)
                .hasMessageContaining("qemu-img ended with exit code 3")
                .hasMessageContaining("no way");
        assertThat(disks.exist()).isFalse();
        assertThat(Files.exists(directory.resolve("diffdisk.tmp"), LinkOption.NOFOLLOW_LINKS))
                .isFalse();
    }

    @Test
    void anInterruptLeavesWhatCanBeRepeated() throws Exception {
        CachedImage image = image(ImageFormat.QCOW2, MIB);
        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> create(image, 2 * MIB)).isInstanceOf(InterruptedException.class);
        assertThat(Thread.interrupted()).isFalse();
        create(image, 2 * MIB);
        checkChain("qcow2", 2 * MIB);
    }

    @Test
    void creationReadsAndWritesNoMoreForALargeImage() throws Exception {
        CachedImage image = image(ImageFormat.RAW, 4096 * MIB);
        List<Long> free = new ArrayList<>();
        create(image, 8192 * MIB);
        try (Stream<Path> files = Files.list(directory)) {
            files.filter(f -> !f.getFileName().toString().equals("basedisk"))
                    .forEach(f -> free.add(f.toFile().length()));
        }
        assertThat(free).allMatch(size -> size < MIB);
        assertThat(Files.getAttribute(directory.resolve("basedisk"), "unix:nlink"))
                .isEqualTo(2);
    }
}
