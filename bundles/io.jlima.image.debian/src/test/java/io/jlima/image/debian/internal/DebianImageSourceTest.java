// SPDX-License-Identifier: Apache-2.0
package io.jlima.image.debian.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.jlima.api.Arch;
import io.jlima.api.HostEnvironment;
import io.jlima.api.LimaException;
import io.jlima.api.Progress;
import io.jlima.api.image.ImageSource.Request;
import io.jlima.api.image.ImageSource.SourcedImage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(180)
class DebianImageSourceTest {
    private static final String LOCATION = "debian:bookworm";
    /** Says so, and waits until the test opens the gate. */
    private static final String WAIT_AT_GATE = "echo at the gate; read line < \"$HOST/gate\"";

    private final DebianImageSource source = new DebianImageSource(Arch.X86_64);

    @TempDir
    Path directory;

    private FakeHost host;
    private Path cache;

    @BeforeEach
    void setUp() throws Exception {
        host = new FakeHost(Files.createDirectories(directory.resolve("host")));
        cache = directory.resolve("a cache's directory");
        assertThat(new ProcessBuilder("mkfifo", host.directory.resolve("gate").toString())
                        .start()
                        .waitFor())
                .isZero();
    }

    private SourcedImage fetch(Progress progress) {
        return source.fetch(new Request(LOCATION, Arch.X86_64, cache), host.environment(), progress);
    }

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

    private List<Path> inCache() throws IOException {
        try (var files = Files.list(cache)) {
            return files.toList();
        }
    }

    private void assertNothingLeft() throws IOException {
        assertThat(inCache()).isEmpty();
        assertThat(host.leftTemporaries()).isEmpty();
    }

    @Test
    void theImageIsBuiltOnceAndKept() throws IOException {
        Watcher watcher = new Watcher("compressing");
        SourcedImage image = fetch(watcher);

        assertThat(image.disk()).hasContent("qcow2").isReadable();
        assertThat(image.kernel()).isNotNull().hasContent("kernel");
        assertThat(image.initrd()).isNotNull().hasContent("initrd");
        assertThat(image.cmdline()).startsWith("root=LABEL=lima-root rw ");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(image.disk())))
                .isEqualTo("r--r--r--");
        assertThat(watcher.titles).containsExactly("Building a Debian bookworm image");
        assertThat(watcher.notes).contains("I: installing essential packages...", "compressing the image (50.00/100%)");
        assertThat(watcher.isClosed()).isTrue();
        assertThat(host.leftTemporaries()).isEmpty();
        assertThat(inCache()).containsExactly(image.disk().getParent());
        try (var files = Files.list(image.disk().getParent())) {
            assertThat(files.map(file -> file.getFileName().toString()))
                    .containsExactlyInAnyOrder("disk.qcow2", "kernel", "initrd", "recipe");
        }

        assertThat(fetch(Progress.SILENT)).isEqualTo(image);
        assertThat(host.runs()).isOne();
    }

    @Test
    void anIncompleteImageIsBuiltAnew() throws IOException {
        SourcedImage image = fetch(Progress.SILENT);
        Files.delete(image.disk().resolveSibling("initrd"));
        assertThat(fetch(Progress.SILENT).initrd()).isNotNull().hasContent("initrd");
        assertThat(host.runs()).isEqualTo(2);
    }

    @Test
    void aForeignArchitectureIsRefused() {
        assertThatThrownBy(() ->
                        source.fetch(new Request(LOCATION, Arch.AARCH64, cache), host.environment(), Progress.SILENT))
                .isInstanceOf(LimaException.class)
                .hasMessageContaining("for aarch64 cannot be built here")
                .hasMessageContaining("arch: x86_64");
        assertThat(cache).doesNotExist();
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
    void mmdebstrapsOwnWordsAreShownWhenItFails() throws IOException {
        host.program(
                "mmdebstrap",
                FakeHost.mmdebstrap(
                        "echo 'E: Unable to locate package gti' >&2; echo 'E: mmdebstrap failed to run'; exit 1"));
        LimaException failure = catchThrowableOfType(LimaException.class, () -> fetch(Progress.SILENT));
        assertThat(failure.what()).isEqualTo("mmdebstrap could not build the image for debian:bookworm");
        assertThat(failure.evidence()).isEqualTo("E: Unable to locate package gti");
        assertThat(failure.remedy()).contains("include=");
        assertNothingLeft();

        host.program("mmdebstrap", FakeHost.mmdebstrap("exit 0"));
        assertThat(fetch(Progress.SILENT).disk()).exists();
    }

    @Test
    void aFullDiskIsNamedWhileTheTreeIsMade() throws IOException {
        host.program("mmdebstrap", FakeHost.mmdebstrap("cat /proc/self/status > /dev/full"));
        LimaException failure = catchThrowableOfType(LimaException.class, () -> fetch(Progress.SILENT));
        assertThat(failure.evidence()).contains("No space left on device");
        assertThat(failure.remedy()).contains("Free some space", host.temporary.toString(), cache.toString());
        assertNothingLeft();
    }

    @Test
    void aFullDiskIsNamedWhileTheImageIsCompressed() throws IOException {
        host.program("qemu-img", "cat /proc/self/status > /dev/full");
        LimaException failure = catchThrowableOfType(LimaException.class, () -> fetch(Progress.SILENT));
        assertThat(failure.what()).isEqualTo("qemu-img could not compress the image for debian:bookworm");
        assertThat(failure.evidence()).contains("No space left on device");
        assertThat(failure.remedy()).contains("Free some space", host.temporary.toString(), cache.toString());
        assertNothingLeft();
    }

    @Test
    void whatIsNotInstalledIsNamedWithItsPackage() throws IOException {
        host.without("mmdebstrap");
        host.without("qemu-img");
        LimaException failure = catchThrowableOfType(LimaException.class, () -> fetch(Progress.SILENT));
        assertThat(failure.what()).endsWith("mmdebstrap, qemu-img are not installed");
        assertThat(failure.remedy()).endsWith("apt install mmdebstrap qemu-utils");
        assertThat(inCache()).isEmpty();
    }

    @Test
    void aCacheThatCannotBeIsSaidSo() throws IOException {
        Files.writeString(cache, "a file");
        assertThatThrownBy(() -> fetch(Progress.SILENT))
                .isInstanceOf(LimaException.class)
                .hasMessageContaining("The image cache " + cache + " cannot be used");
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
    void theCallersEnvironmentIsTheOneThatCounts() throws IOException {
        host.program("mmdebstrap", FakeHost.mmdebstrap("env > \"$HOST/env\"; pwd > \"$HOST/pwd\""));
        Map<String, String> variables = new HashMap<>(host.environment().variables());
        variables.put("http_proxy", "http://proxy.example:3128");
        variables.put("LC_ALL", "fr_FR.UTF-8");
        HostEnvironment caller = new HostEnvironment(variables, directory.resolve("gone"), 022);
        source.fetch(new Request(LOCATION, Arch.X86_64, cache), caller, Progress.SILENT);
        assertThat(Files.readAllLines(host.directory.resolve("env")))
                .contains("http_proxy=http://proxy.example:3128", "LC_ALL=C.UTF-8", "INITRD=No")
                .noneMatch(line -> line.startsWith("HOME="));
        assertThat(host.directory.resolve("pwd")).hasContent("/");
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
