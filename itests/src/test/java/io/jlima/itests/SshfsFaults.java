// SPDX-License-Identifier: Apache-2.0
package io.jlima.itests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;

/** What dies, fills up or goes away under the mounts of {@link MountIT}, which come back by themselves. */
interface SshfsFaults extends SshfsGuest {
    /** Time for a mount to come back once what kept it away has gone; two seconds, and those of a busy machine. */
    Duration BACK = Duration.ofSeconds(30);

    /** A step of the guest's boot that fails from when there is a file. */
    String BOOT_STEP = "provision.boot/00000000";

    /** Begins to write files in the guest, and returns when the first are on the host. */
    private void beginLoad(String point, Path directory, int files) {
        mounted().beginLoad(point, files);
        Home.eventually("the load", () -> Files.exists(directory.resolve("load/10")));
    }

    @Test
    @Order(6)
    default void aServerThatIsKilledIsReplaced() throws IOException {
        Path direct = shared().resolve("openssh-direct-rw");
        beginLoad("/mnt/openssh-direct-rw", direct, 150);
        killServers(direct);
        mounted().loadIsComplete("/mnt/openssh-direct-rw", direct, 150);

        Path ssh = shared().resolve("openssh-ssh-rw");
        beginLoad("/mnt/openssh-ssh-rw", ssh, 100);
        killServers(ssh);
        mounted().loadIsComplete("/mnt/openssh-ssh-rw", ssh, 100);
    }

    private static void killServers(Path directory) {
        List<ProcessHandle> servers = ProcessHandle.allProcesses()
                .filter(p -> p.info().commandLine().orElse("").contains(directory.toString()))
                .filter(p -> p.info().command().orElse("").endsWith("sftp-server"))
                .toList();
        assertThat(servers).as("servers of " + directory).isNotEmpty();
        servers.forEach(p -> Home.kill(p.pid()));
    }

    @Test
    @Order(6)
    default void anSshConnectionThatIsLostIsReplaced() throws IOException {
        Path location = shared().resolve("openssh-ssh-rw");
        // Somebody in it keeps the file system that is gone, and its sshfs must not unmount the one that has come.
        assertThat(works("cd /mnt/openssh-ssh-rw/deep && { nohup sleep 600 >/dev/null 2>&1 </dev/null & }"))
                .isTrue();
        String former = "pgrep -f '^sshfs .* /mnt/openssh-ssh-rw '";
        String pid = guest(former).out().strip();
        beginLoad("/mnt/openssh-ssh-rw/deep", location.resolve("deep"), 100);
        // By a connection of its own: mounts may share the one that commands go by.
        Home.Result lost = home().shell(
                        "ssh -F " + home().path + "/m/ssh.config -o ControlPath=none -o ControlMaster=no"
                                + " lima-m sudo kill -KILL '$(ps -o ppid= -p " + pid + ")'");
        assertThat(lost.code()).as(lost.all()).isZero();
        mounted().loadIsComplete("/mnt/openssh-ssh-rw/deep", location.resolve("deep"), 100);
        Home.eventually("the former one has ended", BACK, () -> !works("kill -0 " + pid));
        for (SshfsWay way : SshfsWay.all()) {
            Home.eventually(way.word() + " is there", BACK, () -> works("cat " + way.point() + "/note"));
        }
        assertThat(works("pkill -x sleep && " + former)).isTrue();
    }

    @Test
    @Order(6)
    default void anSshfsThatIsKilledInTheGuestIsReplaced() throws IOException {
        Path location = shared().resolve("builtin-ssh-rw");
        beginLoad("/mnt/builtin-ssh-rw/deep", location.resolve("deep"), 100);
        assertThat(works("pkill -KILL -f '^sshfs .* /mnt/builtin-ssh-rw '")).isTrue();
        mounted().loadIsComplete("/mnt/builtin-ssh-rw/deep", location.resolve("deep"), 100);
    }

    @Test
    @Order(7)
    default void aDaemonThatIsKilledTakesNoMountWithIt() throws IOException {
        Path location = shared().resolve("builtin-direct-rw");
        beginLoad("/mnt/builtin-direct-rw", location, 200);
        Path ssh = shared().resolve("builtin-ssh-rw");
        beginLoad("/mnt/builtin-ssh-rw", ssh, 200);
        // What lasts of the caller's wish is what the machine was started with.
        home().with("JLIMA_SSHFS_BY_SSH", null);
        home().killDaemon();
        // The next command starts a daemon, which adopts the machine.
        assertThat(home().status("m")).isEqualTo("Running");
        for (SshfsWay way : SshfsWay.all()) {
            Home.eventually(way.word() + " is back", () -> works("cat " + way.point() + "/note"));
        }
        mounted().loadIsComplete("/mnt/builtin-direct-rw", location, 200);
        mounted().loadIsComplete("/mnt/builtin-ssh-rw", ssh, 200);
        assertThat(guest("stat -f -c %T /mnt/builtin-direct-rw").out()).contains("fuse");
        List<String> lines = home().good("mount", "list", "m").out().lines().toList();
        for (SshfsWay way : SshfsWay.all()) {
            assertThat(lines)
                    .anyMatch(line ->
                            line.contains(" on " + way.point() + " (") && line.contains(", " + way.transport() + ", "));
        }
    }

    /** sshfs itself has no word for a full disk; what the guest has it load does. */
    @Test
    @Order(7)
    default void aFullDiskOfTheHostIsSaidToBeFull() throws IOException {
        assumeTrue(MountedGuest.isRoot(), "a small disk takes root");
        for (SshfsWay way : SshfsWay.thatWrite()) {
            mounted().fillsUp(way.small(), shared().resolve(way.smallDisk()));
        }
    }

    @Test
    @Order(8)
    default void aDirectoryThatIsRemovedComesBackWithTheDirectory() throws IOException {
        Path rw = location(new SshfsWay("builtin", "direct", true));
        Path away = shared().resolve("away");
        Files.move(rw, away);
        Files.createDirectory(rw);
        Files.delete(rw);
        Files.move(away, rw);
        assertThat(works("cat /mnt/builtin-direct-rw/note")).isTrue();
        Path odd = shared().resolve("odd, name's");
        Files.delete(odd.resolve("here"));
        Files.delete(odd);
        assertThat(works("touch \"/mnt/odd, name's/x\"")).isFalse();
        Files.createDirectory(odd);
        Home.eventually("it is served again", () -> works("touch \"/mnt/odd, name's/x\""));
        assertThat(odd.resolve("x")).exists();
    }

    @Test
    @Order(9)
    default void aGuestThatRestartsFindsItsMountsAgain() throws IOException {
        assertThat(home().good("list").err()).doesNotContain(BOOT_STEP);
        assertThat(works("sudo touch /var/lib/no-good-boot")).isTrue();
        mounted().reboot();
        new NestedMounts(mounted()).areOneWithinTheOther("rebooted");
        for (SshfsWay way : SshfsWay.all()) {
            Home.eventually(way.word(), BACK, () -> works("cat " + way.point() + "/note"));
        }
        Home.eventually(
                "it is told what failed in that boot",
                Duration.ofMinutes(3),
                () -> home().good("list").err().contains("the guest's boot script " + BOOT_STEP + " failed; see"));
        assertThat(Files.readString(home().path.resolve("m/ha.stderr.log")))
                .contains("the guest's boot script " + BOOT_STEP + " failed");
    }
}
