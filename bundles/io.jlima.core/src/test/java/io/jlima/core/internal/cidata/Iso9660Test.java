// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.cidata;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class Iso9660Test {
    private static final Instant TIME = Instant.parse("2024-02-29T12:34:56Z");

    @TempDir
    Path directory;

    @Test
    void xorrisoReadsEveryFileWithItsNameContentAndMode() throws Exception {
        Map<String, byte[]> files = new TreeMap<>();
        Random random = new Random(1);
        for (int size : new int[] {0, 1, 2047, 2048, 2049, 4096, 100_000}) {
            byte[] content = new byte[size];
            random.nextBytes(content);
            files.put("size-" + size, content);
        }
        files.put("boot.Linux/00-check-rtc-and-wait-ntp.sh", "#!/bin/sh\n".getBytes(UTF_8));
        files.put("boot.Linux/00-check-rtc-and-wait-xyz.sh", "other".getBytes(UTF_8));
        files.put("a/b/c/d/e/f/g-deep", "deep".getBytes(UTF_8));
        files.put("name with blank; and $ 'quotes'", "q".getBytes(UTF_8));
        files.put("ümläut-日本", "utf".getBytes(UTF_8));
        for (int length : new int[] {100, 130, 140, 141, 142, 143, 144, 145, 146, 200, 248, 249, 250, 255}) {
            files.put(
                    "n" + length
                            + "x".repeat(length - 1 - Integer.toString(length).length()),
                    new byte[] {1});
        }
        Iso9660 iso = new Iso9660("cidata", "id-1", TIME);
        for (Map.Entry<String, byte[]> file : files.entrySet()) {
            iso.file(file.getKey(), file.getKey().endsWith(".sh") ? 0755 : 0640, file.getValue());
        }
        iso.directory("boot.Linux", 0750);
        iso.directory("empty", 0700);

        Path extracted = extract(write(iso));

        assertThat(contents(extracted)).containsExactlyInAnyOrderEntriesOf(hex(files));
        assertThat(mode(extracted.resolve("boot.Linux/00-check-rtc-and-wait-ntp.sh")))
                .isEqualTo("rwxr-xr-x");
        assertThat(mode(extracted.resolve("size-2049"))).isEqualTo("rw-r-----");
        assertThat(mode(extracted.resolve("boot.Linux"))).isEqualTo("rwxr-x---");
        assertThat(mode(extracted.resolve("empty"))).isEqualTo("rwx------");
        assertThat(Files.getLastModifiedTime(extracted.resolve("size-1")).toInstant())
                .isEqualTo(TIME);
    }

    @Test
    void manyFilesInOneDirectoryAndManyDirectories() throws Exception {
        Map<String, byte[]> files = new TreeMap<>();
        for (int i = 0; i < 700; i++) {
            files.put(
                    "many/file-with-the-same-beginning-" + i,
                    Integer.toString(i).getBytes(UTF_8));
        }
        for (int i = 0; i < 200; i++) {
            files.put(
                    "directory-number-%03d/sub/file".formatted(i),
                    Integer.toString(i).getBytes(UTF_8));
        }
        Iso9660 iso = new Iso9660("cidata", "", TIME);
        files.forEach((path, content) -> iso.file(path, 0644, content));

        assertThat(contents(extract(write(iso)))).containsExactlyInAnyOrderEntriesOf(hex(files));
    }

    @Test
    void isoinfoFindsLabelRockRidgeAndNames() throws Exception {
        Iso9660 iso = new Iso9660("cidata", "ID-1", TIME);
        iso.file("user-data", 0600, "#cloud-config\n".getBytes(UTF_8));
        iso.file("boot.Linux/00-check-rtc-and-wait-ntp.sh", 0755, new byte[3000]);
        Path image = write(iso);

        assertThat(run("isoinfo", "-d", "-i", image.toString()))
                .contains("Volume id: cidata", "Volume set id: ID-1", "Rock Ridge signatures version 1 found");
        assertThat(run("isoinfo", "-R", "-l", "-i", image.toString()))
                .containsPattern("-rwxr-xr-x +1 +0 +0 +3000 Feb 29 2024 .* 00-check-rtc-and-wait-ntp.sh")
                .containsPattern("-rw------- +1 +0 +0 +14 .* user-data")
                .containsPattern("drwxr-xr-x +2 .* boot.Linux");
        assertThat(run("xorriso", "-indev", image.toString(), "-check_media", "--"))
                .contains("Volume id    : 'cidata'")
                .doesNotContain("FAILURE", "SORRY", "WARNING");
        assertThat(Files.size(image) % Iso9660.SECTOR).isZero();
    }

    @Test
    void streamsFilesFromDisk() throws Exception {
        byte[] content = new byte[3_000_001];
        new Random(2).nextBytes(content);
        Path source = Files.write(directory.resolve("big"), content);
        Iso9660 iso = new Iso9660("cidata", "", TIME);
        iso.file("big", 0644, source);
        iso.file("after", 0644, "after".getBytes(UTF_8));

        Path extracted = extract(write(iso));

        assertThat(extracted.resolve("big")).hasBinaryContent(content);
        assertThat(extracted.resolve("after")).hasContent("after");
    }

    @Test
    void refusesASourceThatChangedItsSize() throws Exception {
        Path source = Files.write(directory.resolve("source"), new byte[10]);
        Iso9660 iso = new Iso9660("cidata", "", TIME);
        iso.file("source", 0644, source);
        Files.write(source, new byte[11]);

        assertThatIOException()
                .isThrownBy(() -> iso.write(OutputStream.nullOutputStream()))
                .withMessageContaining("changed while it was read");
    }

    @Test
    void sameInputGivesSameBytes() throws Exception {
        assertThat(sample("a", "b")).isEqualTo(sample("b", "a"));
    }

    @Test
    void refusesNamesThatCannotBe() {
        Iso9660 iso = new Iso9660("cidata", "", TIME);
        iso.file("here", 0644, new byte[0]);
        for (String path : new String[] {"", "a//b", "../x", ".", "a/..", "x".repeat(256), "here", "here/below"}) {
            assertThatIllegalArgumentException().as(path).isThrownBy(() -> iso.file(path, 0644, new byte[0]));
        }
        assertThatIllegalArgumentException().isThrownBy(() -> iso.file("1/2/3/4/5/6/7/8/9", 0644, new byte[0]));
        assertThatIllegalArgumentException().isThrownBy(() -> new Iso9660("x".repeat(33), "", TIME));
    }

    private static byte[] sample(String... names) throws IOException {
        Iso9660 iso = new Iso9660("cidata", "", TIME);
        for (String name : names) {
            iso.file(name + "/file", 0644, name.getBytes(UTF_8));
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        iso.write(out);
        return out.toByteArray();
    }

    private Path write(Iso9660 iso) throws IOException {
        Path image = directory.resolve("image.iso");
        try (OutputStream out = Files.newOutputStream(image)) {
            iso.write(out);
        }
        return image;
    }

    private Path extract(Path image) throws Exception {
        return Program.extract(image, directory.resolve("extracted"));
    }

    private static Map<String, String> contents(Path top) throws IOException {
        Map<String, String> found = new TreeMap<>();
        try (var walk = Files.walk(top)) {
            for (Path file : walk.filter(Files::isRegularFile).toList()) {
                found.put(top.relativize(file).toString(), hash(Files.readAllBytes(file)));
            }
        }
        return found;
    }

    private static Map<String, String> hex(Map<String, byte[]> files) {
        Map<String, String> result = new TreeMap<>();
        files.forEach((path, content) -> result.put(path, hash(content)));
        return result;
    }

    private static String hash(byte[] content) {
        return content.length + ":" + java.util.Arrays.hashCode(content);
    }

    private static String mode(Path file) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
    }

    private static String run(String... command) throws Exception {
        Program.Result result = Program.run(Map.of(), command);
        assertThat(result.status()).as(result.output()).isZero();
        return result.output();
    }
}
