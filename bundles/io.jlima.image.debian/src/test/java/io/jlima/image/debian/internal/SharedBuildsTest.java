// SPDX-License-Identifier: Apache-2.0
package io.jlima.image.debian.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jlima.api.Arch;
import io.jlima.api.LimaException;
import io.jlima.api.Progress;
import io.jlima.api.image.ImageSource.SourcedImage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** Builds that several want, that are given up, and that others have left unfinished. */
class SharedBuildsTest extends SourceOnFakeHost {
    /** Says so, and waits until the test opens the gate. */
    private static final String WAIT_AT_GATE = "echo at the gate; read line < \"$HOST/gate\"";

    private CompletableFuture<SourcedImage> fetchBeside(Progress progress) {
        CompletableFuture<SourcedImage> result = new CompletableFuture<>();
        start(progress, result, new AtomicBoolean());
        return result;
    }

    private Thread start(Progress progress, CompletableFuture<SourcedImage> result, AtomicBoolean stillInterrupted) {
        return Thread.ofVirtual().start(() -> {
            try {
                result.complete(fetch(progress));
            } catch (Throwable e) {
                stillInterrupted.set(Thread.currentThread().isInterrupted());
                result.completeExceptionally(e);
            }
        });
    }

    private void openGate() throws IOException {
        Files.writeString(host.directory.resolve("gate"), "go\n");
    }

    @Test
    void twoAskersAtOnceShareOneBuild() throws Exception {
        host.program("mmdebstrap", FakeHost.mmdebstrap(WAIT_AT_GATE + "; echo nearly done"));
        Watcher first = new Watcher("at the gate");
        Watcher second = new Watcher("at the gate");
        CompletableFuture<SourcedImage> one = fetchBeside(first);
        assertThat(first.awaitNote()).isTrue();
        CompletableFuture<SourcedImage> two = fetchBeside(second);
        // The second is told what the work is at when it joins.
        assertThat(second.awaitNote()).isTrue();
        openGate();
        assertThat(one.get(60, TimeUnit.SECONDS)).isEqualTo(two.get(60, TimeUnit.SECONDS));
        assertThat(host.runs()).isOne();
        assertThat(first.notes).contains("nearly done");
        assertThat(second.notes).contains("nearly done");
    }

    @Test
    void anAbortedBuildEndsItsProcessesAndLeavesNothing() throws Exception {
        host.program(
                "mmdebstrap", FakeHost.mmdebstrap("sleep 1000 & echo $! > \"$HOST/child\"; echo at the gate; wait"));
        Watcher watcher = new Watcher("at the gate");
        CompletableFuture<SourcedImage> result = new CompletableFuture<>();
        AtomicBoolean stillInterrupted = new AtomicBoolean();
        Thread asker = start(watcher, result, stillInterrupted);
        assertThat(watcher.awaitNote()).isTrue();
        Optional<ProcessHandle> child = ProcessHandle.of(
                Long.parseLong(Files.readString(host.directory.resolve("child")).strip()));
        assertThat(child).isPresent();

        asker.interrupt();

        assertThatThrownBy(() -> result.get(60, TimeUnit.SECONDS))
                .hasCauseInstanceOf(LimaException.class)
                .hasMessageContaining("was given up");
        assertThat(stillInterrupted).isTrue();
        child.get().onExit().get(60, TimeUnit.SECONDS);
        assertNothingLeft();
        assertThat(watcher.isClosed()).isTrue();

        host.program("mmdebstrap", FakeHost.mmdebstrap("exit 0"));
        assertThat(fetch(Progress.SILENT).disk()).exists();
    }

    @Test
    void oneAskerWhoGivesUpDoesNotSpoilItForTheOther() throws Exception {
        host.program("mmdebstrap", FakeHost.mmdebstrap(WAIT_AT_GATE));
        Watcher first = new Watcher("at the gate");
        CompletableFuture<SourcedImage> given = new CompletableFuture<>();
        Thread asker = start(first, given, new AtomicBoolean());
        assertThat(first.awaitNote()).isTrue();
        Watcher second = new Watcher("at the gate");
        CompletableFuture<SourcedImage> kept = fetchBeside(second);
        assertThat(second.awaitNote()).isTrue();

        asker.interrupt();
        assertThatThrownBy(() -> given.get(60, TimeUnit.SECONDS)).hasCauseInstanceOf(LimaException.class);
        openGate();

        assertThat(kept.get(60, TimeUnit.SECONDS).disk()).hasContent("qcow2");
        assertThat(host.runs()).isOne();
    }

    @Test
    void theRemainsOfAKilledBuildAreTakenAway() throws Exception {
        Path scratch = host.temporary.resolve("jlima-debian-123");
        Files.createDirectories(scratch.resolve("mmdebstrap.x/etc"));
        Recipe recipe = new Recipe(DebianLocation.parse(LOCATION), Arch.X86_64);
        Path part = Files.createDirectories(cache.resolve(recipe.key() + ".part"));
        Files.writeString(part.resolve("root.img"), "half");
        Files.writeString(part.resolve("scratch"), scratch.toString());
        Process orphan = new ProcessBuilder("sh", "-c", "sleep 1000 & wait").start();
        try {
            new BuildDirectory(part, host.environment()).noteProcess(orphan.toHandle());
            fetch(Progress.SILENT);
            assertThat(orphan.isAlive()).isFalse();
        } finally {
            orphan.descendants().forEach(ProcessHandle::destroyForcibly);
            orphan.destroyForcibly().waitFor();
        }
        assertThat(host.leftTemporaries()).isEmpty();
        assertThat(part).doesNotExist();
    }

    @Test
    void aProcessThatOnlyHasTheNumberOfAnotherIsLeftAlone() throws Exception {
        Process stranger = new ProcessBuilder("sleep", "1000").start();
        try {
            Recipe recipe = new Recipe(DebianLocation.parse(LOCATION), Arch.X86_64);
            Path part = Files.createDirectories(cache.resolve(recipe.key() + ".part"));
            Files.writeString(part.resolve("process"), stranger.pid() + " 1000000000000");
            fetch(Progress.SILENT);
            assertThat(stranger.isAlive()).isTrue();
        } finally {
            stranger.destroyForcibly().waitFor();
        }
    }

    @Test
    void aScratchNoteThatPointsElsewhereIsNotFollowed() throws IOException {
        Path precious = Files.createDirectories(directory.resolve("precious"));
        Recipe recipe = new Recipe(DebianLocation.parse(LOCATION), Arch.X86_64);
        Path part = Files.createDirectories(cache.resolve(recipe.key() + ".part"));
        Files.writeString(part.resolve("scratch"), precious.toString());
        fetch(Progress.SILENT);
        assertThat(precious).exists();
    }

    @Test
    void anotherProcessThatBuildsIsWaitedFor() throws Exception {
        Process other = lockInAnotherProcess();
        try {
            Watcher watcher = new Watcher("another process is building this image");
            CompletableFuture<SourcedImage> result = fetchBeside(watcher);
            assertThat(watcher.awaitNote()).isTrue();
            assertThat(host.runs()).isZero();
            other.getOutputStream().close();
            assertThat(result.get(60, TimeUnit.SECONDS).disk()).exists();
            assertThat(host.runs()).isOne();
        } finally {
            other.destroyForcibly().waitFor();
        }
    }

    @Test
    void waitingForAnotherProcessCanBeGivenUp() throws Exception {
        Process other = lockInAnotherProcess();
        try {
            Watcher watcher = new Watcher("another process is building this image");
            CompletableFuture<SourcedImage> result = new CompletableFuture<>();
            Thread asker = start(watcher, result, new AtomicBoolean());
            assertThat(watcher.awaitNote()).isTrue();
            asker.interrupt();
            assertThatThrownBy(() -> result.get(60, TimeUnit.SECONDS)).hasMessageContaining("was given up");
            assertThat(host.runs()).isZero();
        } finally {
            other.destroyForcibly().waitFor();
        }
    }

    /** Holds the lock of the image until its standard input is closed or it is killed. */
    private Process lockInAnotherProcess() throws Exception {
        Files.createDirectories(cache);
        Recipe recipe = new Recipe(DebianLocation.parse(LOCATION), Arch.X86_64);
        Process other = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        Path.of(LockHolder.class
                                        .getProtectionDomain()
                                        .getCodeSource()
                                        .getLocation()
                                        .toURI())
                                .toString(),
                        LockHolder.class.getName(),
                        cache.resolve(recipe.key() + ".lock").toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        String said = new String(other.getInputStream().readNBytes(6), StandardCharsets.UTF_8);
        if (!said.equals("locked")) {
            other.destroyForcibly().waitFor();
            throw new AssertionError("the other process said " + said);
        }
        return other;
    }
}
