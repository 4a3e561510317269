// SPDX-License-Identifier: Apache-2.0
package io.jlima.mount.sshfs.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MissingDirectoryTest {
    @TempDir
    Path directory;

    private static CompletableFuture<Boolean> waiting(Path wanted) {
        return CompletableFuture.supplyAsync(() -> MissingDirectory.awaitIt(wanted), Thread::startVirtualThread);
    }

    @Test
    void isNoticedWhenItComesStepByStep() throws Exception {
        Path wanted = directory.resolve("a/b/c");
        CompletableFuture<Boolean> there = waiting(wanted);
        Files.createFile(directory.resolve("something else"));
        Files.createDirectory(directory.resolve("a"));
        Files.createDirectory(directory.resolve("a/b"));
        assertThat(there).isNotDone();
        Files.createDirectory(wanted);
        assertThat(there.get(60, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void isNoticedWhenItIsMovedThere() throws Exception {
        Path away = Files.createDirectory(directory.resolve("away"));
        CompletableFuture<Boolean> there = waiting(directory.resolve("here"));
        Files.move(away, directory.resolve("here"));
        assertThat(there.get(60, TimeUnit.SECONDS)).isTrue();
        assertThat(MissingDirectory.awaitIt(directory)).isTrue();
    }

    @Test
    void theWaitCanBeGivenUp() throws Exception {
        CompletableFuture<Boolean> there = new CompletableFuture<>();
        Thread thread =
                Thread.ofVirtual().start(() -> there.complete(MissingDirectory.awaitIt(directory.resolve("never"))));
        thread.interrupt();
        assertThat(there.get(60, TimeUnit.SECONDS)).isFalse();
    }
}
