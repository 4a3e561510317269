// SPDX-License-Identifier: Apache-2.0
package io.jlima.mount.virtiofs.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jlima.api.HostEnvironment;
import io.jlima.api.LimaException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** With a stand-in that listens and waits, since the real one needs root and a machine. */
class ShareDaemonTest {
    private static final String LISTEN = "import socket, sys, time\ns = socket.socket(socket.AF_UNIX)\n"
            + "s.bind(sys.argv[1])\ns.listen(1)\nprint('listening', flush=True)\ns.accept()\n";

    @TempDir
    Path directory;

    private final HostEnvironment caller = HostEnvironment.ofThisProcess();

    private Path shared() {
        return directory.resolve("shared");
    }

    private Path mark() {
        return directory.resolve(daemon().socket().getFileName().toString().replace(".sock", ".mark"));
    }

    private ShareDaemon daemon() {
        return new ShareDaemon(directory, VirtiofsMountDriverTest.mount(shared().toString(), "/mnt", true, null));
    }

    private List<String> listening() {
        return List.of("python3", "-c", LISTEN, daemon().socket().toString());
    }

    @AfterEach
    void endIt() throws InterruptedException {
        daemon().end();
    }

    @Test
    void listensWhenItHasStartedAndIsFoundAgain() throws Exception {
        daemon().start(listening(), caller);
        ProcessHandle process = daemon().running().orElseThrow();
        assertThat(daemon().socket()).exists();
        String[] stat =
                Files.readString(Path.of("/proc/" + process.pid() + "/stat")).split(" ");
        assertThat(stat[5]).as("its session").isEqualTo(Long.toString(process.pid()));
        assertThat(Files.getPosixFilePermissions(daemon().socket()).toString()).doesNotContain("GROUP", "OTHERS");
        // The program in Rust makes it, and leaves it when it is killed.
        Path pidFile = Files.createFile(Path.of(daemon().socket() + ".pid"));
        daemon().end();
        assertThat(pidFile).doesNotExist();
        assertThat(process.isAlive()).isFalse();
        assertThat(daemon().running()).isEmpty();
        assertThat(daemon().socket()).doesNotExist();
    }

    @Test
    void whatAnEarlierMachineLeftIsReplaced() throws Exception {
        daemon().start(listening(), caller);
        ProcessHandle first = daemon().running().orElseThrow();
        daemon().start(listening(), caller);
        assertThat(first.isAlive()).isFalse();
        assertThat(daemon().running().orElseThrow().pid()).isNotEqualTo(first.pid());
        // A host that lost its power leaves files and no process.
        daemon().end();
        Files.createFile(daemon().socket());
        daemon().start(listening(), caller);
        assertThat(daemon().running()).isPresent();
    }

    @Test
    void anotherProcessWithItsNumberIsNotIt() throws Exception {
        Files.writeString(mark(), ProcessHandle.current().pid() + " 1 boot\n");
        assertThat(daemon().running()).isEmpty();
        Files.writeString(mark(), "gone\n");
        assertThat(daemon().running()).isEmpty();
        daemon().end();
        assertThat(mark()).doesNotExist();
    }

    @Test
    void aDirectoryThatIsNotWhereItWasIsSeen() throws Exception {
        Files.createDirectory(shared());
        daemon().start(listening(), caller);
        assertThat(daemon().isInPlace()).isTrue();
        Path away = Files.move(shared(), directory.resolve("away"));
        assertThat(daemon().isInPlace()).isFalse();
        Files.createDirectory(shared());
        assertThat(daemon().isInPlace()).isFalse();
        Files.delete(shared());
        Files.move(away, shared());
        assertThat(daemon().isInPlace()).isTrue();
    }

    @Test
    void oneThatDoesNotStartSaysWhy() throws Exception {
        assertThatThrownBy(() -> daemon().start(List.of("sh", "-c", "echo no such luck >&2; exit 7"), caller))
                .isInstanceOf(LimaException.class)
                .hasMessageContaining("exit code 7")
                .hasMessageContaining("no such luck");
        assertThat(daemon().running()).isEmpty();
        assertThatThrownBy(() -> daemon().start(List.of("/nowhere/virtiofsd"), caller))
                .isInstanceOf(LimaException.class);
    }
}
