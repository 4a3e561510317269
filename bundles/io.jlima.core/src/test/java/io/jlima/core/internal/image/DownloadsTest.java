// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jlima.api.LimaException;
import io.jlima.api.Progress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DownloadsTest {
    private static final byte[] CONTENT = Desk.noise(300_000, 1);
    private static final String MONDAY = "Last-Modified: Mon, 05 Jan 2026 10:00:00 GMT";
    private static final String TUESDAY = "Last-Modified: Tue, 06 Jan 2026 10:00:00 GMT";

    private final Downloads downloads = new Downloads(Storage.FILE_SYSTEM, Desk.PATIENCE);
    private final Recorded progress = new Recorded();
    private Desk desk;
    private WebServer server;

    @BeforeEach
    void open(@TempDir Path directory) throws Exception {
        desk = Desk.in(directory);
        server = new WebServer();
    }

    @AfterEach
    void close() throws Exception {
        server.close();
    }

    private Path fetch(String location, @Nullable String digest, boolean unpack) throws Exception {
        return downloads.fetch(location, digest, unpack, desk.caller(), progress);
    }

    @Test
    void keepsAFileInLimasLayout() throws Exception {
        server.on("/a.img", WebServer.file(CONTENT, MONDAY, "Content-Type: application/x-qemu-disk"));
        String url = server.url("/a.img");
        String digest = Desk.digest("SHA-512", CONTENT);

        Path file = fetch(url, digest, true);

        CacheEntry entry = desk.entry(url);
        assertThat(file).isEqualTo(entry.directory().resolve("data")).hasBinaryContent(CONTENT);
        assertThat(desk.files(url)).containsExactly("data", "etag", "sha512.digest", "time", "type", "url");
        assertThat(entry.directory().resolve("url")).hasContent(url);
        assertThat(entry.text("time")).isEqualTo("Mon, 05 Jan 2026 10:00:00 GMT");
        assertThat(entry.text("type")).isEqualTo("application/x-qemu-disk");
        assertThat(entry.text("sha512.digest")).isEqualTo(digest);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(entry.directory())))
                .isEqualTo("rwx------");
        assertThat(AtomicFile.isReadOnly(file)).isTrue();
        assertThat(progress.titles).containsExactly("Downloading " + url + " / 300000");
        assertThat(progress.advances).isSorted().endsWith(300000L);
        assertThat(progress.open).hasValue(0);
    }

    @Test
    void keyOfAnEntryIsTheDigestOfItsUrl() {
        assertThat(desk.entry("https://example.com/a.img").directory())
                .isEqualTo(CacheEntry.root(desk.caller())
                        .resolve("download/by-url-sha256")
                        .resolve("38677a2c1ea942a56231187d34e849e8b167a99eb33bafae636c0afd53559488"));
    }

    @Test
    void asksNobodyForAFileWhoseDigestIsKnown() throws Exception {
        server.on("/a.img", WebServer.file(CONTENT, MONDAY));
        String digest = Desk.digest("SHA-256", CONTENT);
        fetch(server.url("/a.img"), digest, true);
        fetch(server.url("/a.img"), digest, true);
        assertThat(server.requests()).hasSize(1);
    }

    @Test
    void takesAFileThatLimaDownloadedWithoutADigest() throws Exception {
        String url = server.url("/a.img");
        CacheEntry entry = desk.entry(url);
        entry.create();
        Files.write(entry.data(), CONTENT);
        String digest = Desk.digest("SHA-384", CONTENT);

        assertThat(fetch(url, digest, true)).hasBinaryContent(CONTENT);

        assertThat(server.requests()).isEmpty();
        assertThat(entry.text("sha384.digest")).isEqualTo(digest);
    }

    @Test
    void withoutADigestTheServerIsAskedForChanges() throws Exception {
        record Case(String before, String after, int transfers) {}
        List<Case> cases = List.of(
                new Case(MONDAY, "Last-Modified: Mon, 5 Jan 2026 10:00:00 GMT", 1),
                new Case(MONDAY, TUESDAY, 2),
                new Case(MONDAY, "X-Nothing: said", 2),
                new Case("X-Nothing: said", "X-Nothing: said", 2),
                new Case("ETag: \"a\"", "ETag: \"a\"", 1),
                new Case("ETag: \"a\"", "ETag: \"b\"", 2));
        for (Case c : cases) {
            try (WebServer one = new WebServer()) {
                byte[] changed = Desk.noise(1000, 2);
                one.on("/a.img", WebServer.file(CONTENT, c.before));
                fetch(one.url("/a.img"), null, true);
                one.on("/a.img", WebServer.file(changed, c.after));
                Path file = fetch(one.url("/a.img"), null, true);
                assertThat(one.count("GET")).as("%s", c).isEqualTo(c.transfers);
                assertThat(file).as("%s", c).hasBinaryContent(c.transfers == 1 ? CONTENT : changed);
            }
        }
    }

    @Test
    void withoutADigestWhatIsHereIsUsedWhenTheServerIsGone() throws Exception {
        server.on("/a.img", WebServer.file(CONTENT));
        fetch(server.url("/a.img"), null, true);
        server.on("/a.img", (request, out) -> WebServer.head(out, "503 Busy", "Content-Length: 0"));
        assertThat(fetch(server.url("/a.img"), null, true)).hasBinaryContent(CONTENT);
        server.close();
        assertThat(fetch(server.url("/a.img"), null, true)).hasBinaryContent(CONTENT);
    }

    @Test
    void anotherDigestDemandedBringsTheFileAgain() throws Exception {
        byte[] newer = Desk.noise(1000, 3);
        String url = server.url("/a.img");
        server.on("/a.img", WebServer.file(CONTENT, MONDAY));
        fetch(url, Desk.digest("SHA-256", CONTENT), true);
        server.on("/a.img", WebServer.file(newer, TUESDAY));
        assertThat(fetch(url, Desk.digest("SHA-256", newer), true)).hasBinaryContent(newer);
    }

    @Test
    void aWrongDigestLeavesNothingAndKeepsWhatWasThere() throws Exception {
        String url = server.url("/a.img");
        server.on("/a.img", WebServer.file(CONTENT, MONDAY));
        String wrong = Desk.digest("SHA-256", new byte[] {1});
        assertThatThrownBy(() -> fetch(url, wrong, true))
                .isInstanceOf(LimaException.class)
                .hasMessageContaining(url)
                .hasMessageContaining("digest is wrong")
                .hasMessageContaining(wrong)
                .hasMessageContaining(Desk.digest("SHA-256", CONTENT));
        assertThat(desk.files(url)).containsExactly("url");

        fetch(url, null, true);
        assertThatThrownBy(() -> fetch(url, wrong, true)).isInstanceOf(LimaException.class);
        assertThat(desk.files(url)).containsExactly("data", "etag", "time", "type", "url");
    }

    @ParameterizedTest
    @ValueSource(strings = {"sha256:12", "md5:d41d8cd98f00b204e9800998ecf8427e", "sha256", "sha256:" + "zz"})
    void aDigestThatIsNoneIsRefused(String digest) {
        assertThatThrownBy(() -> fetch(server.url("/a.img"), digest, true))
                .isInstanceOf(LimaException.class)
                .hasMessageContaining(digest);
        assertThat(server.requests()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "a.img.gz, gzip",
        "a.img.bz2, bzip2",
        "a.img.xz, xz",
        "a.img.zst, zstd",
        "a.img.zstd, zstd",
        "a.img?v=1, gzip",
        "plain, bzip2",
        "plain, xz",
        "plain, zstd"
    })
    void unpacksOnceAndKeepsTheResult(String name, String program) throws Exception {
        byte[] plain = Arrays.copyOf(CONTENT, 2_000_000);
        byte[] packed = Desk.filtered(plain, program, "-c");
        String url = server.url("/" + name);
        server.on("/" + name, WebServer.file(packed, MONDAY));
        String digest = Desk.digest("SHA-256", packed);

        Path file = fetch(url, digest, true);
        assertThat(file).isEqualTo(desk.entry(url).unpacked()).hasBinaryContent(plain);
        assertThat(AtomicFile.isReadOnly(file)).isTrue();
        assertThat(blocks(file)).as("zeros are holes").isLessThan(2_000_000 / 2);

        Object inode = Files.getAttribute(file, "unix:ino");
        Recorded second = new Recorded();
        assertThat(downloads.fetch(url, digest, true, desk.caller(), second)).isEqualTo(file);
        assertThat(Files.getAttribute(file, "unix:ino")).isEqualTo(inode);
        assertThat(second.titles).isEmpty();
        assertThat(fetch(url, digest, false)).hasBinaryContent(packed);
    }

    @Test
    void aNewerFileIsUnpackedAgain() throws Exception {
        String url = server.url("/a.gz");
        server.on("/a.gz", WebServer.file(Desk.filtered(CONTENT, "gzip", "-c"), MONDAY));
        fetch(url, null, true);
        byte[] newer = Desk.noise(5000, 4);
        server.on("/a.gz", WebServer.file(Desk.filtered(newer, "gzip", "-c"), TUESDAY));
        assertThat(fetch(url, null, true)).hasBinaryContent(newer);

        // Lima replaces the data and knows nothing of what was unpacked.
        CacheEntry entry = desk.entry(url);
        Path lima = entry.directory().resolve("data.new");
        Files.write(lima, Desk.filtered(CONTENT, "gzip", "-c"));
        Files.setLastModifiedTime(lima, FileTime.fromMillis(1));
        Files.move(lima, entry.data(), StandardCopyOption.REPLACE_EXISTING);
        assertThat(fetch(url, null, true)).hasBinaryContent(CONTENT);
    }

    @Test
    void leftoversOfDeadTransfersAreSweptAway() throws Exception {
        String url = server.url("/a.img");
        server.on("/a.img", WebServer.file(CONTENT, MONDAY));
        CacheEntry entry = desk.entry(url);
        entry.create();
        for (String name : List.of("data.part", "data.tmp.77.1", "unpacked.tmp", "time.tmp")) {
            Files.writeString(entry.directory().resolve(name), "half");
        }
        assertThat(fetch(url, null, true)).hasBinaryContent(CONTENT);
        assertThat(desk.files(url)).containsExactly("data", "etag", "time", "type", "url");
        assertThat(server.requests().getFirst().header("range")).isEmpty();
    }

    @Test
    void filesOfThisHostAreCopiedOnce() throws Exception {
        Path original =
                Files.createDirectories(desk.directory().resolve("my images")).resolve("disk.img");
        Files.write(original, CONTENT);
        String digest = Desk.digest("SHA-256", CONTENT);
        for (String location : List.of(
                original.toString(),
                "~/my images/disk.img",
                "my images/disk.img",
                "file://" + original,
                "file:" + original,
                "file://localhost" + original,
                "file://" + original.toString().replace(" ", "%20"))) {
            Path file = fetch(location, digest, true);
            assertThat(file)
                    .as(location)
                    .isEqualTo(desk.entry("file://" + original).data());
            assertThat(file).hasBinaryContent(CONTENT);
        }
        assertThat(progress.titles).containsExactly("Copying " + original + " / 300000");
        assertThat(AtomicFile.isReadOnly(original)).isFalse();

        Files.writeString(original, "changed");
        assertThat(fetch(original.toString(), null, true)).hasContent("changed");
        assertThatThrownBy(() -> fetch(original.toString(), digest, true)).hasMessageContaining("digest is wrong");
    }

    @Test
    void aPackedFileOfThisHostIsUnpacked() throws Exception {
        Path original = desk.directory().resolve("disk.img.xz");
        Files.write(original, Desk.filtered(CONTENT, "xz", "-c"));
        assertThat(fetch("disk.img.xz", null, true)).hasBinaryContent(CONTENT);
        assertThat(fetch("disk.img.xz", null, true)).hasBinaryContent(CONTENT);
        assertThat(progress.titles).hasSize(2);
    }

    @Test
    void filesThatAreNotThereAreNamed() {
        assertThatThrownBy(() -> fetch("/nowhere/a.img", null, true))
                .isInstanceOf(LimaException.class)
                .hasMessage("There is no file /nowhere/a.img");
        assertThatThrownBy(() -> fetch(desk.directory().toString(), null, true))
                .isInstanceOf(LimaException.class)
                .hasMessageContaining("is not a file");
    }

    @Test
    void theCacheIsWhereXdgSaysIfItIsAbsolute(@TempDir Path home) {
        Desk relative = Desk.in(home, "XDG_CACHE_HOME", "cache");
        assertThat(Downloads.cacheRoot(relative.caller())).isEqualTo(home.resolve(".cache/lima"));
        assertThat(Downloads.cacheRoot(desk.caller()))
                .isEqualTo(desk.directory().resolve("cache/lima"));
    }

    @Test
    void worksWithoutAnybodyWatching() throws Exception {
        server.on("/a", WebServer.file("x".getBytes(StandardCharsets.UTF_8)));
        assertThat(downloads.fetch(server.url("/a"), null, false, desk.caller(), Progress.SILENT))
                .hasContent("x");
    }

    /** Bytes that a file takes on its disk. */
    static long blocks(Path file) throws Exception {
        return 512
                * Long.parseLong(new String(Desk.filtered(new byte[0], "stat", "-c", "%b", file.toString())).strip());
    }
}
