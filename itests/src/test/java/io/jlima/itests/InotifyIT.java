// SPDX-License-Identifier: Apache-2.0
package io.jlima.itests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;

/**
 * {@code mountInotify} in a real guest, which is started once with each mount type. {@code watch.py} runs there and
 * writes down what the guest's kernel tells it.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class InotifyIT {
    /** Seconds; see {@link GuestIT}. */
    private static final long BOOT = 540;

    private final Home home = Home.create();
    private final Path shared = SharedDirectory.make("jlinotify");
    private int watchers;

    @BeforeAll
    void startTheGuest() throws IOException {
        for (String access : List.of("rw", "ro")) {
            Files.createDirectories(shared.resolve(access + "/deep/er"));
            Files.writeString(shared.resolve(access + "/deep/er/old"), "old\n");
        }
        Path yaml = home.write("i.yaml", """
                images:
                - {location: "debian:bookworm?include=git", arch: x86_64}
                cpus: 1
                memory: 1GiB
                mountInotify: true
                containerd: {system: false, user: false}
                mounts:
                - {location: "%1$s/rw", mountPoint: /mnt/rw, writable: true}
                - {location: "%1$s/ro", mountPoint: /mnt/ro}
                """.formatted(shared));
        Home.Result start = home.goodWithin(BOOT, "start", "--tty=false", "--name", "i", yaml.toString());
        assertThat(start.err()).doesNotContain("mountInotify:").doesNotContain("no part yet");
    }

    @AfterAll
    void leaveNothing() {
        home.close();
        SharedDirectory.remove(shared);
    }

    private Home.Result guest(String script) {
        return home.limactl("shell", "--workdir", "/", "i", "sh", "-c", script);
    }

    /** What a watcher has seen in the guest. */
    private final class Watcher {
        private final String file = "/tmp/seen-" + watchers++;

        Watcher(String... folders) throws IOException {
            try (var in = InotifyIT.class.getResourceAsStream("watch.py")) {
                assertThat(in).isNotNull();
                String program = new String(in.readAllBytes(), StandardCharsets.UTF_8);
                Home.Result begun = home.limactlFed(
                        program,
                        "shell",
                        "--workdir",
                        "/",
                        "i",
                        "sh",
                        "-c",
                        "cat >/tmp/watch.py; setsid python3 /tmp/watch.py " + file + " " + String.join(" ", folders)
                                + " </dev/null >/tmp/watch.err 2>&1 &");
                assertThat(begun.code()).as(begun.all()).isZero();
            }
            Home.eventually("a watcher in the guest", () -> lines().contains("ready"));
            assertThat(lines()).containsExactly("ready");
        }

        List<String> lines() {
            return guest("cat " + file).out().lines().toList();
        }

        /** Waits until it has seen a line that begins and goes on like this. */
        void sees(String path, String word) {
            Home.eventually(
                    path + " " + word,
                    () -> lines().stream().anyMatch(line -> line.startsWith(path + " ") && line.contains(word)));
        }

        long count(String path) {
            return lines().stream().filter(line -> line.startsWith(path + " ")).count();
        }
    }

    /** The watch on the host begins with the agent, which may come a moment after the guest is ready. */
    private void awaitTheWatch(Watcher watcher, Path location, String point) {
        int[] tries = {0};
        Home.eventually("changes are told", () -> {
            try {
                Files.writeString(location.resolve("try"), "x".repeat(++tries[0]));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            return watcher.count(point + "/try") > 0;
        });
    }

    /** Everything that may happen to a file, seen in a mount. */
    private void allIsSeen(String access) throws IOException {
        Path location = shared.resolve(access);
        String point = "/mnt/" + access;
        Path old = location.resolve("deep/er/old");
        Files.setPosixFilePermissions(old, PosixFilePermissions.fromString("rw-r--r--"));
        Watcher watcher = new Watcher(point, point + "/deep", point + "/deep/er");
        awaitTheWatch(watcher, location, point);
        Path fresh = Files.writeString(location.resolve("deep/fresh"), "1");
        watcher.sees(point + "/deep/fresh", "MODIFY");
        watcher.sees(point + "/deep/", "MODIFY");
        assertThat(guest("cat " + point + "/deep/fresh").out()).isEqualTo("1");
        Files.writeString(old, "changed\n");
        FileTime time = Files.getLastModifiedTime(old);
        watcher.sees(point + "/deep/er/old", "MODIFY");
        if (access.equals("rw")) {
            watcher.sees(point + "/deep/er/old", "CLOSE_WRITE");
        }
        assertThat(guest("cat " + point + "/deep/er/old").out()).isEqualTo("changed\n");
        Files.setPosixFilePermissions(old, PosixFilePermissions.fromString("rw-rw-rw-"));
        watcher.sees(point + "/deep/er/old", "ATTRIB");
        Files.createDirectory(location.resolve("deep/folder"));
        watcher.sees(point + "/deep/folder", "MODIFY DIRECTORY");
        Files.move(fresh, location.resolve("deep/er/moved"));
        watcher.sees(point + "/deep/er/moved", "MODIFY");
        Watcher later = new Watcher(point + "/deep/er");
        Files.delete(location.resolve("deep/er/moved"));
        later.sees(point + "/deep/er/", "MODIFY");
        assertThat(guest("ls " + point + "/deep/er").out()).isEqualTo("old\n");
        Files.delete(location.resolve("deep/folder"));
        // What was told has not come back as a change: it would have done so before this is told.
        long before = watcher.count(point + "/deep/er/old");
        for (int i = 0; i < 3; i++) {
            Files.writeString(location.resolve("try"), "again " + i);
            String marker = Files.createFile(location.resolve("marker" + watchers + i))
                    .getFileName()
                    .toString();
            watcher.sees(point + "/" + marker, "MODIFY");
            Files.delete(location.resolve(marker));
        }
        assertThat(watcher.count(point + "/deep/er/old")).isEqualTo(before).isLessThanOrEqualTo(12);
        assertThat(Files.getLastModifiedTime(old)).isEqualTo(time);
        assertThat(old).hasContent("changed\n");
    }

    @Test
    @Order(1)
    void byReverseSshfsAllIsSeen() throws IOException {
        assertThat(home.good("list", "--json", "i").out())
                .contains("reverse-sshfs")
                .contains("mountInotify");
        assertThat(guest("grep ' /mnt/ro ' /proc/self/mountinfo").out()).contains("/mnt/ro ro,");
        allIsSeen("rw");
        allIsSeen("ro");
        assertThat(guest("touch /mnt/ro/deep/er/old").err()).contains("Read-only");
        assertThat(guest("sudo mount -o remount,bind,rw /mnt/ro; sudo sh -c 'echo x >>/mnt/ro/deep/er/old'")
                        .code())
                .as("written to a read-only mount")
                .isNotZero();
        assertThat(shared.resolve("ro/deep/er/old")).hasContent("changed\n");
    }

    @Test
    @Order(2)
    void mountsComeAndGo() throws IOException {
        Path late = Files.createDirectory(shared.resolve("late"));
        home.good("mount", "add", "i", late.toString(), "--mount-point", "/mnt/late");
        Watcher watcher = new Watcher("/mnt/late");
        awaitTheWatch(watcher, late, "/mnt/late");
        home.good("mount", "remove", "i", "/mnt/late");
    }

    @Test
    @Order(3)
    void aDaemonThatIsKilledIsFollowedByOneThatTells() throws IOException {
        Watcher watcher = new Watcher("/mnt/rw", "/mnt/ro");
        home.killDaemon();
        assertThat(home.status("i")).isEqualTo("Running");
        awaitTheWatch(watcher, shared.resolve("rw"), "/mnt/rw");
        Files.writeString(shared.resolve("ro/after"), "1");
        watcher.sees("/mnt/ro/after", "MODIFY");
    }

    @Test
    @Order(4)
    void byVirtiofsWhatIsWritableIsSeen() throws IOException {
        assumeTrue(
                (Integer) Files.getAttribute(Path.of("/proc/self"), "unix:uid") == 0,
                "Debian 12's virtiofsd serves root only");
        home.good("stop", "i");
        home.good("edit", "--tty=false", "i", "--set", ".mountType = \"virtiofs\"");
        Home.Result start = home.goodWithin(BOOT, "start", "--tty=false", "i");
        assertThat(start.err())
                .contains("watchers in the guest are not told of changes in /mnt/ro (")
                .doesNotContain("/mnt/rw");
        allIsSeen("rw");
    }
}
