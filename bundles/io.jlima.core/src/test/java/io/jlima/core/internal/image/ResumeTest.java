// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jlima.api.LimaException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ResumeTest {
    private static final byte[] CONTENT = Desk.noise(300_000, 1);
    private static final String MONDAY = "Last-Modified: Mon, 05 Jan 2026 10:00:00 GMT";
    private static final String ETAG = "ETag: \"one\"";

    private final Downloads downloads = new Downloads(Storage.FILE_SYSTEM, Desk.PATIENCE);
    private final Recorded progress = new Recorded();
    private Desk desk;
    private WebServer server;
    private String url;

    @BeforeEach
    void open(@TempDir Path directory) throws Exception {
        desk = Desk.in(directory);
        server = new WebServer();
        url = server.url("/a.img");
    }

    @AfterEach
    void close() throws Exception {
        server.close();
    }

    private Path fetch(String digest) throws Exception {
        return downloads.fetch(url, digest, true, desk.caller(), progress);
    }

    /** The beginning of a transfer that died with its program. */
    private void leave(byte[] content, int length, String validator) throws Exception {
        CacheEntry entry = desk.entry(url);
        entry.create();
        entry.beginPart(validator);
        Files.write(entry.part(), Arrays.copyOf(content, length));
    }

    @ParameterizedTest
    @ValueSource(strings = {MONDAY, ETAG})
    void aBrokenTransferGoesOnAtOnce(String validator) throws Exception {
        WebServer.Page whole = WebServer.file(CONTENT, validator);
        server.on("/a.img", (request, out) -> {
            if (WebServer.rangeStart(request) == 0) {
                WebServer.cut(CONTENT, 100_000, validator).serve(request, out);
            } else {
                whole.serve(request, out);
            }
        });
        assertThat(fetch(Desk.digest("SHA-256", CONTENT))).hasBinaryContent(CONTENT);
        assertThat(server.requests()).hasSize(2);
        assertThat(WebServer.rangeStart(server.requests().get(1))).isBetween(1, 100_000);
        assertThat(server.requests().get(1).header("if-range"))
                .isEqualTo(validator.substring(validator.indexOf(' ') + 1));
        assertThat(desk.files(url)).containsExactly("data", "etag", "sha256.digest", "time", "type", "url");
    }

    @Test
    void aLaterCallerGoesOn() throws Exception {
        server.on("/a.img", WebServer.file(CONTENT, ETAG));
        leave(CONTENT, 200_000, "\"one\"");
        assertThat(fetch(Desk.digest("SHA-256", CONTENT))).hasBinaryContent(CONTENT);
        assertThat(server.requests()).hasSize(1);
        assertThat(server.requests().getFirst().header("range")).isEqualTo("bytes=200000-");
        assertThat(progress.titles).containsExactly("Downloading " + url + " / 300000");
        assertThat(progress.advances.getFirst()).isEqualTo(200_000);
    }

    @Test
    void aFileThatHasChangedIsBegunAnew() throws Exception {
        server.on("/a.img", WebServer.file(CONTENT, "ETag: \"two\""));
        leave(Desk.noise(200_000, 5), 200_000, "\"one\"");
        assertThat(fetch(Desk.digest("SHA-256", CONTENT))).hasBinaryContent(CONTENT);
    }

    @Test
    void aServerThatKnowsNoRangesSendsAll() throws Exception {
        server.on("/a.img", (request, out) -> {
            WebServer.head(out, "200 OK", ETAG, "Content-Length: " + CONTENT.length);
            out.write(CONTENT);
        });
        leave(CONTENT, 200_000, "\"one\"");
        assertThat(fetch(Desk.digest("SHA-256", CONTENT))).hasBinaryContent(CONTENT);
    }

    @Test
    void aPartLongerThanTheFileIsThrownAway() throws Exception {
        server.on("/a.img", (request, out) -> {
            if (WebServer.rangeStart(request) > 0) {
                WebServer.head(out, "416 Range Not Satisfiable", "Content-Length: 0");
            } else {
                WebServer.file(CONTENT, ETAG).serve(request, out);
            }
        });
        leave(CONTENT, 300_000, "\"one\"");
        assertThat(fetch(Desk.digest("SHA-256", CONTENT))).hasBinaryContent(CONTENT);
        assertThat(server.requests()).hasSize(2);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"Content-Range: bytes 5-299999/300000", "Content-Range: nonsense", "X-No: range", "ETag: \"two\""
            })
    void aPartThatIsNotTheOneAskedForIsNotUsed(String header) throws Exception {
        server.on("/a.img", (request, out) -> {
            if (WebServer.rangeStart(request) > 0) {
                String range = header.startsWith("ETag") ? "Content-Range: bytes 200000-299999/300000" : "X-Y: z";
                WebServer.head(out, "206 Partial Content", header, range, "Content-Length: 100000");
                out.write(CONTENT, 0, 100_000);
            } else {
                WebServer.file(CONTENT, ETAG).serve(request, out);
            }
        });
        leave(CONTENT, 200_000, "\"one\"");
        assertThat(downloads.fetch(url, null, true, desk.caller(), progress)).hasBinaryContent(CONTENT);
        assertThat(server.requests()).hasSize(2);
    }

    @Test
    void aWrongDigestAfterGoingOnIsTriedOnceMoreFromTheBeginning() throws Exception {
        server.on("/a.img", WebServer.file(CONTENT, ETAG));
        leave(Desk.noise(200_000, 6), 200_000, "\"one\"");
        assertThat(fetch(Desk.digest("SHA-256", CONTENT))).hasBinaryContent(CONTENT);
        assertThat(server.requests()).hasSize(2);

        leave(CONTENT, 200_000, "\"one\"");
        String wrong = Desk.digest("SHA-256", new byte[1]);
        assertThatThrownBy(() -> fetch(wrong))
                .isInstanceOf(LimaException.class)
                .hasMessageContaining("digest is wrong");
        assertThat(server.requests()).hasSize(4);
        assertThat(desk.entry(url).part()).doesNotExist();
    }

    @Test
    void aWeakTagIsNoReasonToGoOn() throws Exception {
        server.on("/a.img", WebServer.cut(CONTENT, 100_000, "ETag: W/\"one\""));
        assertThatThrownBy(() -> downloads.fetch(url, null, true, desk.caller(), progress))
                .isInstanceOf(LimaException.class);
        assertThat(server.requests()).hasSize(1);
        assertThat(desk.files(url)).containsExactly("url");
    }

    @Test
    void anInterruptedTransferIsKeptAndGoesOn() throws Exception {
        server.on("/a.img", (request, out) -> {
            if (WebServer.rangeStart(request) == 0) {
                WebServer.cut(CONTENT, 200_000, ETAG).serve(request, out);
                out.flush();
                server.silence();
            } else {
                WebServer.file(CONTENT, ETAG).serve(request, out);
            }
        });
        Downloads patient = new Downloads();
        CountDownLatch half = new CountDownLatch(1);
        Recorded watcher = new Recorded(done -> {
            if (done >= 150_000) {
                half.countDown();
            }
        });
        FutureTask<Path> fetch = new FutureTask<>(() -> patient.fetch(url, null, true, desk.caller(), watcher));
        Thread caller = Thread.ofVirtual().start(fetch);
        assertThat(half.await(60, TimeUnit.SECONDS)).isTrue();
        caller.interrupt();
        assertThatThrownBy(() -> fetch.get(60, TimeUnit.SECONDS))
                .isInstanceOf(ExecutionException.class)
                .hasCauseInstanceOf(InterruptedException.class);
        assertThat(watcher.open).hasValue(0);
        assertThat(desk.files(url)).isEqualTo(List.of("data.part", "data.tmp.validator", "url"));

        assertThat(fetch(Desk.digest("SHA-256", CONTENT))).hasBinaryContent(CONTENT);
        assertThat(WebServer.rangeStart(server.requests().getLast())).isGreaterThanOrEqualTo(150_000);
    }
}
