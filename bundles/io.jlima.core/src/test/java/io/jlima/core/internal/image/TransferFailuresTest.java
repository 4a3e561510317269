// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.jlima.api.LimaException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TransferFailuresTest {
    private static final byte[] CONTENT = Desk.noise(300_000, 1);
    private static final String MONDAY = "Last-Modified: Mon, 05 Jan 2026 10:00:00 GMT";
    private static final Map<String, String> PROGRAM =
            Map.of(".gz", "gzip", ".bz2", "bzip2", ".xz", "xz", ".zst", "zstd", ".zstd", "zstd");

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

    private LimaException failure(Downloads with, String location, @Nullable String digest) {
        LimaException failure = catchThrowableOfType(
                LimaException.class, () -> with.fetch(location, digest, true, desk.caller(), progress));
        assertThat(failure).as("no failure of " + location).isNotNull();
        assertThat(progress.open).as("tasks left open").hasValue(0);
        return failure;
    }

    private LimaException failure(String location) {
        return failure(downloads, location, null);
    }

    @ParameterizedTest
    @CsvSource({"404 Not Found", "403 Forbidden", "500 Oops", "206 Partial Content", "204 Nothing"})
    void anAnswerThatIsNoFile(String status) throws Exception {
        server.on("/a.img", (request, out) -> WebServer.head(out, status, "Content-Length: 0"));
        LimaException e = failure(server.url("/a.img"));
        assertThat(e.what())
                .isEqualTo("Cannot download %s: the server answered %s"
                        .formatted(server.url("/a.img"), status.substring(0, 3)));
        assertThat(desk.files(server.url("/a.img"))).containsExactly("url");
    }

    @Test
    void aFileThatEndsEarlyIsNotUsed() throws Exception {
        server.on("/a.img", WebServer.cut(CONTENT, 100_000));
        LimaException e = failure(server.url("/a.img"));
        assertThat(e.what()).contains("the connection broke off after").contains("of 292.97 KiB");
        assertThat(server.count("GET")).isEqualTo(1);
        assertThat(desk.files(server.url("/a.img"))).containsExactly("url");
    }

    @Test
    void aFileThatAlwaysEndsEarlyIsTriedAFewTimesAndTheBeginningKept() throws Exception {
        server.on("/a.img", WebServer.cut(CONTENT, 100_000, MONDAY));
        LimaException e = failure(server.url("/a.img"));
        assertThat(e.what()).contains("the connection broke off after");
        assertThat(e.remedy()).contains("kept");
        assertThat(server.count("GET")).isEqualTo(4);
        assertThat(desk.files(server.url("/a.img"))).containsExactly("data.part", "data.tmp.validator", "url");
    }

    @Test
    void chunksThatEndEarlyAreNotUsed() throws Exception {
        server.on("/a.img", (request, out) -> {
            WebServer.head(out, "200 OK", "Transfer-Encoding: chunked");
            out.write("5\r\nhello\r\n".getBytes());
        });
        assertThat(failure(server.url("/a.img")).what()).contains("the connection broke off after 5 bytes");
        assertThat(desk.files(server.url("/a.img"))).containsExactly("url");
    }

    @Test
    void aServerThatFallsSilentIsGivenUp() throws Exception {
        server.on("/a.img", (request, out) -> {
            WebServer.cut(CONTENT, 100_000, MONDAY).serve(request, out);
            out.flush();
            server.silence();
        });
        Downloads impatient =
                new Downloads(Storage.FILE_SYSTEM, new Patience(Duration.ofSeconds(5), Duration.ofMillis(400)));
        LimaException e = failure(impatient, server.url("/a.img"), null);
        assertThat(e.getMessage()).contains("the connection broke off").contains("nothing came for");
        assertThat(server.count("GET")).isEqualTo(1);
    }

    @Test
    void aServerThatNeverAnswersIsGivenUp() throws Exception {
        server.on("/a.img", (request, out) -> server.silence());
        Downloads impatient =
                new Downloads(Storage.FILE_SYSTEM, new Patience(Duration.ofSeconds(2), Duration.ofMillis(100)));
        assertThat(failure(impatient, server.url("/a.img"), null).what())
                .contains("took the connection and did not answer");
    }

    @Test
    void aHostThatTakesNoConnectionIsGivenUpSoon() throws Exception {
        // A full accept queue: Linux drops what comes then, as a filter or a dead host does.
        List<Socket> queue = new ArrayList<>();
        try (ServerSocket full = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            for (int i = 0; i < 4; i++) {
                Socket socket = new Socket();
                queue.add(socket);
                try {
                    socket.connect(full.getLocalSocketAddress(), 100);
                } catch (SocketTimeoutException e) {
                    break;
                }
            }
            Downloads impatient =
                    new Downloads(Storage.FILE_SYSTEM, new Patience(Duration.ofMillis(300), Duration.ofMinutes(1)));
            String url = "http://127.0.0.1:" + full.getLocalPort() + "/a.img";
            assertThat(failure(impatient, url, null).what()).contains("127.0.0.1 did not take a connection within");
        } finally {
            for (Socket socket : queue) {
                socket.close();
            }
        }
    }

    @Test
    void aPortWhereNobodyListensIsSaidAtOnce() throws Exception {
        String url = server.url("/a.img");
        server.close();
        assertThat(failure(url).what()).contains("localhost cannot be reached");
    }

    @Test
    void aHostThatDoesNotExist() {
        // Without any network, the resolver may need longer than we wait for it.
        assertThat(failure("https://no-such-host.invalid/a.img").what())
                .matches("Cannot download https://no-such-host.invalid/a.img: (there is no host no-such-host.invalid"
                        + "|the name server did not say where no-such-host.invalid is.*)");
    }

    @ParameterizedTest
    @ValueSource(strings = {"http:///a.img", "http://", "https://a b/c", "http:a.img"})
    void whatIsNoUrl(String location) {
        assertThat(failure(location).what()).startsWith("Cannot download " + location + ": not a valid URL");
    }

    @Test
    void redirectsAreFollowed() throws Exception {
        server.on("/1", WebServer.redirect("/2"))
                .on("/2", WebServer.redirect(server.url("/3")))
                .on("/3", WebServer.redirect("3/../4?x"))
                .on("/4?x", WebServer.file(CONTENT));
        Path file = downloads.fetch(server.url("/1"), null, true, desk.caller(), progress);
        assertThat(file).isEqualTo(desk.entry(server.url("/1")).data()).hasBinaryContent(CONTENT);
    }

    @Test
    void aRedirectLoopEnds() throws Exception {
        server.on("/1", WebServer.redirect("/2")).on("/2", WebServer.redirect("/1"));
        LimaException e = failure(server.url("/1"));
        assertThat(e.getMessage()).contains("redirected more than 10 times").contains(server.url("/"));
        assertThat(server.requests()).hasSize(11);
    }

    @ParameterizedTest
    @ValueSource(strings = {"file:///etc/passwd", "ftp://localhost/x", "http://[", "", "http:opaque"})
    void aRedirectToSomethingElseIsRefused(String target) throws Exception {
        server.on("/1", WebServer.redirect(target));
        assertThat(failure(server.url("/1")).what()).contains("the server redirects to something that is no");
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aFullDiskIsSaidAndGetsItsRoomBack(boolean honest) throws Exception {
        server.on("/a.img", WebServer.file(CONTENT, MONDAY));
        Downloads small = new Downloads(new SmallStorage(200_000, honest), Desk.PATIENCE);
        LimaException e = failure(small, server.url("/a.img"), null);
        Path directory = desk.entry(server.url("/a.img")).directory();
        assertThat(e.what()).contains("The disk is full").contains(directory.toString());
        assertThat(e.evidence()).contains("Needed: at least").contains(honest ? "free: 195.31 KiB" : "free: not known");
        assertThat(directory.resolve("data")).doesNotExist();
        assertThat(directory.resolve("data.part")).doesNotExist();
    }

    @ParameterizedTest
    @ValueSource(strings = {"gzip", "bzip2", "xz", "zstd"})
    void aFullDiskWhileUnpacking(String program) throws Exception {
        byte[] packed = Desk.filtered(CONTENT, program, "-c");
        server.on("/a", WebServer.file(packed, MONDAY));
        Downloads small = new Downloads(new SmallStorage(packed.length + 100_000L, false), Desk.PATIENCE);
        assertThat(failure(small, server.url("/a"), null).what()).contains("The disk is full");
        assertThat(desk.files(server.url("/a"))).containsExactly("data", "etag", "time", "type", "url");

        assertThat(downloads.fetch(server.url("/a"), null, true, desk.caller(), progress))
                .hasBinaryContent(CONTENT);
        assertThat(server.count("GET")).isEqualTo(1);
    }

    @ParameterizedTest
    @CsvSource({
        "gzip, .gz, cut", "bzip2, .bz2, cut", "xz, .xz, cut", "zstd, .zst, cut",
        "gzip, .gz, spoilt", "bzip2, .bz2, spoilt", "xz, .xz, spoilt", "zstd, .zst, spoilt",
        "cat, .gz, whole", "cat, .bz2, whole", "cat, .xz, whole", "cat, .zstd, whole"
    })
    void aDamagedArchiveIsThrownAway(String program, String extension, String how) throws Exception {
        byte[] packed = program.equals("cat") ? CONTENT.clone() : Desk.filtered(CONTENT, program, "-c");
        byte[] damaged = how.equals("cut") ? Arrays.copyOf(packed, packed.length / 2) : packed;
        if (how.equals("spoilt")) {
            for (int i = damaged.length / 2; i < damaged.length / 2 + 100; i++) {
                damaged[i] ^= 0x55;
            }
        }
        String path = "/a.img" + extension;
        server.on(path, WebServer.file(damaged, MONDAY));
        LimaException e = failure(server.url(path));
        assertThat(e.what()).isEqualTo("The file " + server.url(path) + " cannot be unpacked");
        assertThat(e.evidence()).startsWith("not a whole ").hasSizeGreaterThan("not a whole gzip file: ".length());
        assertThat(desk.files(server.url(path))).containsExactly("url");

        server.on(path, WebServer.file(Desk.filtered(CONTENT, PROGRAM.getOrDefault(extension, ""), "-c"), MONDAY));
        assertThat(downloads.fetch(server.url(path), null, true, desk.caller(), progress))
                .hasBinaryContent(CONTENT);
    }

    @ParameterizedTest
    @CsvSource({"bzip2, bzip2", "xz, xz-utils", "zstd, zstd"})
    void aMissingProgramIsNamedWithItsPackage(String program, String debianPackage, @TempDir Path empty)
            throws Exception {
        server.on("/a", WebServer.file(Desk.filtered(CONTENT, program, "-c"), MONDAY));
        desk = Desk.in(desk.directory(), "PATH", empty.toString());
        // The search goes on in the system's own directories, where these programs are not.
        LimaException e = failure(server.url("/a"));
        assertThat(e.what()).isEqualTo("The program " + program + " is needed, and is not on PATH");
        assertThat(e.remedy()).contains("package " + debianPackage);
        assertThat(Files.exists(desk.entry(server.url("/a")).data())).isTrue();
    }

    @Test
    void gzipNeedsNoProgram(@TempDir Path empty) throws Exception {
        server.on("/a", WebServer.file(Desk.filtered(CONTENT, "gzip", "-c"), MONDAY));
        desk = Desk.in(desk.directory(), "PATH", empty.toString());
        assertThat(downloads.fetch(server.url("/a"), null, true, desk.caller(), progress))
                .hasBinaryContent(CONTENT);
    }

    @Test
    void aCacheThatCannotBeMadeIsNamed() throws Exception {
        Path file = Files.writeString(desk.directory().resolve("file"), "");
        desk = Desk.in(desk.directory(), "XDG_CACHE_HOME", file.toString());
        assertThat(failure(server.url("/a.img")).what())
                .startsWith("Cannot use the download cache in " + file.resolve("lima"));
    }
}
