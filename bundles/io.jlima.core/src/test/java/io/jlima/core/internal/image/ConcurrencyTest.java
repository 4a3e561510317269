// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jlima.api.LimaException;
import io.jlima.api.Progress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConcurrencyTest {
    private static final byte[] CONTENT = Desk.noise(300_000, 1);

    private final Downloads downloads = new Downloads();
    private final CountDownLatch gate = new CountDownLatch(1);
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
        gate.countDown();
        server.close();
    }

    /** A caller on a thread of its own. */
    private final class Caller {
        final CountDownLatch seen = new CountDownLatch(1);
        final Recorded progress = new Recorded(done -> {
            if (done > 0) {
                seen.countDown();
            }
        });
        final FutureTask<Path> result =
                new FutureTask<>(() -> downloads.fetch(url, null, true, desk.caller(), progress));
        final Thread thread = Thread.ofVirtual().start(result);

        /** Waits until the caller has seen some bytes come, be it the one who brings them or not. */
        Caller watching() throws InterruptedException {
            assertThat(seen.await(60, TimeUnit.SECONDS)).isTrue();
            return this;
        }

        Path get() throws Exception {
            return result.get(60, TimeUnit.SECONDS);
        }
    }

    /** Serves the first half, and the second when the gate is open. */
    private void servePartly() {
        server.on("/a.img", (request, out) -> {
            WebServer.head(out, "200 OK", "ETag: \"one\"", "Content-Length: " + CONTENT.length);
            out.write(CONTENT, 0, 200_000);
            out.flush();
            gate.await();
            out.write(CONTENT, 200_000, 100_000);
        });
    }

    @Test
    void oneTransferServesAllWhoAsk() throws Exception {
        servePartly();
        List<Caller> callers = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            callers.add(new Caller().watching());
        }
        assertThat(server.requests()).hasSize(1);
        gate.countDown();
        for (Caller caller : callers) {
            assertThat(caller.get()).hasBinaryContent(CONTENT);
            assertThat(caller.progress.titles).containsExactly("Downloading " + url + " / 300000");
            assertThat(caller.progress.open).hasValue(0);
        }
        assertThat(server.requests()).hasSize(1);
    }

    @Test
    void whenTheFirstIsInterruptedAnotherTakesOver() throws Exception {
        servePartly();
        Caller first = new Caller().watching();
        Caller second = new Caller().watching();
        Caller third = new Caller().watching();
        server.on("/a.img", WebServer.file(CONTENT, "ETag: \"one\""));
        first.thread.interrupt();
        assertThatThrownBy(first::get)
                .isInstanceOf(ExecutionException.class)
                .hasCauseInstanceOf(InterruptedException.class);
        assertThat(second.get()).hasBinaryContent(CONTENT);
        assertThat(third.get()).hasBinaryContent(CONTENT);
        assertThat(WebServer.rangeStart(server.requests().get(1))).isGreaterThan(0);
    }

    @Test
    void oneWhoOnlyWaitsMayGo() throws Exception {
        servePartly();
        Caller first = new Caller().watching();
        Caller second = new Caller().watching();
        second.thread.interrupt();
        assertThatThrownBy(second::get).hasCauseInstanceOf(InterruptedException.class);
        assertThat(second.progress.open).hasValue(0);
        gate.countDown();
        assertThat(first.get()).hasBinaryContent(CONTENT);
        assertThat(server.requests()).hasSize(1);
    }

    @Test
    void aFailureIsEverybodysFailure() throws Exception {
        server.on("/a.img", (request, out) -> {
            WebServer.head(out, "200 OK", "Content-Length: " + CONTENT.length);
            out.write(CONTENT, 0, 200_000);
            out.flush();
            gate.await();
        });
        Caller first = new Caller().watching();
        Caller second = new Caller().watching();
        gate.countDown();
        assertThatThrownBy(first::get).hasCauseInstanceOf(LimaException.class);
        assertThatThrownBy(second::get).hasCauseInstanceOf(LimaException.class);
        assertThat(server.requests()).hasSize(1);
    }

    @Test
    void anotherProgramThatHoldsTheEntryIsWaitedFor() throws Exception {
        server.on("/a.img", WebServer.file(CONTENT));
        CacheEntry entry = desk.entry(url);
        Files.createDirectories(entry.directory());
        Process other =
                new ProcessBuilder("flock", entry.directory().toString(), "sh", "-c", "echo held; read line").start();
        try {
            assertThat(other.getInputStream().read()).isEqualTo('h');
            CountDownLatch told = new CountDownLatch(1);
            Progress progress = new Forwarding(told);
            FutureTask<Path> fetch = new FutureTask<>(() -> downloads.fetch(url, null, true, desk.caller(), progress));
            Thread.ofVirtual().start(fetch);
            assertThat(told.await(60, TimeUnit.SECONDS)).isTrue();
            assertThat(server.requests()).isEmpty();
            other.getOutputStream().close();
            assertThat(fetch.get(60, TimeUnit.SECONDS)).hasBinaryContent(CONTENT);
        } finally {
            other.destroyForcibly().waitFor();
        }
    }

    @Test
    void anEntryThatIsRemovedWhileItIsWaitedForIsMadeAnew() throws Exception {
        server.on("/a.img", WebServer.file(CONTENT));
        Path entry = desk.entry(url).directory();
        Files.createDirectories(entry);
        FutureTask<Path> fetch;
        DirectoryLock held = DirectoryLock.acquire(entry, () -> {});
        try {
            CountDownLatch told = new CountDownLatch(1);
            fetch = new FutureTask<>(() -> downloads.fetch(url, null, true, desk.caller(), new Forwarding(told)));
            Thread.ofVirtual().start(fetch);
            assertThat(told.await(60, TimeUnit.SECONDS)).isTrue();
            Files.delete(entry);
        } finally {
            held.close();
        }
        assertThat(fetch.get(60, TimeUnit.SECONDS)).hasBinaryContent(CONTENT).hasParent(entry);
        assertThat(entry.resolve("url")).hasContent(url);
    }

    @Test
    void whatIsBroughtWhilePruningWaitsIsKept() throws Exception {
        server.on("/a.img", WebServer.file(CONTENT));
        Path entry = desk.entry(url).directory();
        Files.createDirectories(entry);
        Files.writeString(entry.resolve("url"), url);
        CachePruning pruning = new CachePruning(CachePruning.root(desk.caller()));
        FutureTask<Integer> pruned = new FutureTask<>(() -> {
            pruning.downloads(url::equals);
            return pruning.entries();
        });
        Thread thread = Thread.ofPlatform().unstarted(pruned);
        DirectoryLock held = DirectoryLock.acquire(entry, () -> {});
        try {
            thread.start();
            while (thread.isAlive() && thread.getState() != Thread.State.TIMED_WAITING) {
                Thread.onSpinWait();
            }
            Files.write(entry.resolve("data"), CONTENT);
        } finally {
            held.close();
        }
        assertThat(pruned.get(60, TimeUnit.SECONDS)).isZero();
        assertThat(entry.resolve("data")).exists();
    }

    @Test
    void waitingForAnotherProgramCanBeInterrupted() throws Exception {
        Path directory = desk.directory();
        DirectoryLock held = DirectoryLock.acquire(directory, () -> {});
        try {
            CountDownLatch told = new CountDownLatch(1);
            FutureTask<DirectoryLock> second =
                    new FutureTask<>(() -> DirectoryLock.acquire(directory, told::countDown));
            Thread thread = Thread.ofVirtual().start(second);
            assertThat(told.await(60, TimeUnit.SECONDS)).isTrue();
            thread.interrupt();
            assertThatThrownBy(() -> second.get(60, TimeUnit.SECONDS)).hasCauseInstanceOf(InterruptedException.class);
            assertThat(flock(directory)).as("held").isEqualTo(1);
        } finally {
            held.close();
        }
        assertThat(flock(directory)).as("free").isZero();
    }

    private static int flock(Path directory) throws Exception {
        return new ProcessBuilder("flock", "-n", directory.toString(), "true")
                .start()
                .waitFor();
    }

    /** Tells of the first line. */
    private record Forwarding(CountDownLatch told) implements Progress {
        @Override
        public void info(String message) {
            told.countDown();
        }

        @Override
        public void warn(String message) {}

        @Override
        public Task begin(String title, long total) {
            return SILENT.begin(title, total);
        }
    }
}
