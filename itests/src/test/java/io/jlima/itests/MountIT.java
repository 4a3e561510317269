// SPDX-License-Identifier: Apache-2.0
package io.jlima.itests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Mounts of a real guest by reverse-sshfs: every server by every transport, writable and not, all in one guest at once.
 * {@code mount-suite.py} says what a mount must be able to do; the rest is what a guest must not be able to do, and what
 * happens when something dies.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class MountIT {
    /** Time for a mount to come back once what kept it away has gone; two seconds, and those of a busy machine. */
    private static final Duration BACK = Duration.ofSeconds(30);

    private final MountedGuest mounted = MountedGuest.create();
    private final Home home = mounted.home;
    private final Path shared = mounted.shared;

    /** A server, a transport and an access. */
    record Way(String server, String transport, boolean writable) {
        String word() {
            return server + "-" + transport + "-" + (writable ? "rw" : "ro");
        }

        String point() {
            return "/mnt/" + word();
        }

        String sftpDriver() {
            return server.equals("openssh") ? "openssh-sftp-server" : server;
        }
    }

    static List<Way> ways() {
        List<Way> ways = new ArrayList<>();
        for (String server : List.of("builtin", "openssh")) {
            for (String transport : List.of("direct", "ssh")) {
                ways.add(new Way(server, transport, true));
                ways.add(new Way(server, transport, false));
            }
        }
        return ways;
    }

    /** How a home that is shown for reading, and a directory in it for writing, may be listed. */
    private static final List<String> ORDERS = List.of("outer-first", "inner-first");

    private String nested(String order) throws IOException {
        Path outer = shared.resolve(order);
        Files.createDirectories(outer.resolve("inner"));
        Files.writeString(outer.resolve("note"), "outer\n");
        Path inner = Files.createDirectory(shared.resolve(order + ", inner"));
        Files.writeString(inner.resolve("note"), "inner\n");
        String outerMount = "- {location: \"%s\", mountPoint: /mnt/%s}\n".formatted(outer, order);
        String innerMount = "- {location: \"%s\", mountPoint: /mnt/%s/inner, writable: true}\n".formatted(inner, order);
        return order.equals("outer-first") ? outerMount + innerMount : innerMount + outerMount;
    }

    private void nestedMountsAreOneWithinTheOther(String what) throws IOException {
        for (String order : ORDERS) {
            Path inner = shared.resolve(order + ", inner");
            Home.eventually(
                    order + " " + what,
                    () -> guest("cat /mnt/" + order + "/note /mnt/" + order + "/inner/note")
                            .out()
                            .equals("outer\ninner\n"));
            assertThat(works("echo " + what + " >/mnt/" + order + "/inner/new"))
                    .as(order)
                    .isTrue();
            assertThat(inner.resolve("new")).hasContent(what);
            assertThat(works("touch /mnt/" + order + "/planted")).as(order).isFalse();
            assertThat(works("echo x >/mnt/" + order + "/note")).as(order).isFalse();
            assertThat(shared.resolve(order + "/note")).hasContent("outer");
            assertThat(shared.resolve(order + "/inner")).isEmptyDirectory();
            assertThat(shared.resolve(order + "/planted")).doesNotExist();
        }
    }

    private Path location(Way way) {
        return shared.resolve(way.word());
    }

    @BeforeAll
    void startTheGuest() throws IOException {
        StringBuilder mounts = new StringBuilder();
        StringBuilder bySsh = new StringBuilder("none");
        for (Way way : ways()) {
            mounted.directory(way.word());
            mounts.append("- {location: \"%s\", mountPoint: \"%s\", writable: %s, sshfs: {sftpDriver: %s}}\n"
                    .formatted(location(way), way.point(), way.writable(), way.sftpDriver()));
            if (way.transport().equals("ssh")) {
                bySsh.append(',').append(way.point());
            }
        }
        mounted.directory("fresh");
        mounts.append("- {location: \"%s\", mountPoint: /mnt/fresh, writable: true, sshfs: {cache: false}}\n"
                .formatted(shared.resolve("fresh")));
        mounted.directory("followed");
        mounts.append("- {location: \"%s\", mountPoint: /mnt/followed, writable: true, sshfs: {followSymlinks: true}}\n"
                .formatted(shared.resolve("followed")));
        for (String order : ORDERS) {
            mounts.append(nested(order));
        }
        Files.createDirectory(shared.resolve("odd, name's"));
        mounts.append("- {location: \"%s\", mountPoint: \"/mnt/odd, name's\", writable: true}\n"
                .formatted(shared.resolve("odd, name's")));
        if (MountedGuest.isRoot()) {
            mounts.append(
                    "- {location: \"%s\", mountPoint: /mnt/small, writable: true}\n".formatted(mounted.smallDisk()));
        }
        home.with("JLIMA_SSHFS_BY_SSH", bySsh.toString());
        Path yaml = home.write("m.yaml", """
                images:
                - {location: "debian:bookworm?include=git", arch: x86_64}
                cpus: 1
                memory: 1GiB
                mountType: reverse-sshfs
                containerd: {system: false, user: false}
                mounts:
                """ + mounts);
        home.goodWithin(MountedGuest.BOOT, "start", "--tty=false", "--name", "m", yaml.toString());
    }

    @AfterAll
    void leaveNothing() {
        mounted.close();
    }

    private Home.Result guest(String script) {
        return mounted.run(script);
    }

    private boolean works(String script) {
        return mounted.works(script);
    }

    @Test
    @Order(1)
    void everyMountIsThereAndSaysHow() {
        Home.Result table = home.good("shell", "--workdir", "/", "m", "cat", "/proc/self/mountinfo");
        for (Way way : ways()) {
            assertThat(table.out().lines())
                    .as(way.word())
                    .anyMatch(line -> line.contains(" " + way.point() + " ") && line.contains(" - fuse.sshfs "));
        }
        assertThat(home.good("shell", "--workdir", "/", "m", "touch", "/mnt/odd, name's/here")
                        .code())
                .isZero();
        assertThat(shared.resolve("odd, name's/here")).exists();
        List<String> lines = home.good("mount", "list", "m").out().lines().toList();
        for (Way way : ways()) {
            assertThat(lines)
                    .anyMatch(line -> line.equals(location(way) + " on " + way.point() + " ("
                            + (way.writable() ? "rw" : "ro") + ", " + way.transport() + ", " + way.sftpDriver() + ")"));
        }
    }

    @Test
    @Order(2)
    void aMountWithinAnotherIsSeenWhicheverIsListedFirst() throws IOException {
        nestedMountsAreOneWithinTheOther("start");
        List<String> lines = home.good("mount", "list", "m").out().lines().toList();
        for (String order : ORDERS) {
            assertThat(lines).anyMatch(line -> line.contains(" on /mnt/" + order + " (ro, "));
            assertThat(lines).anyMatch(line -> line.contains(" on /mnt/" + order + "/inner (rw, "));
        }
    }

    @ParameterizedTest
    @MethodSource("ways")
    @Order(2)
    void theSuitePasses(Way way) throws IOException {
        // Neither knows the guest's user nor leaves the mask of new files to the guest.
        boolean openssh = way.server().equals("openssh");
        mounted.passesTheSuite(
                way.point(),
                way.writable(),
                openssh && way.writable() ? List.of("modes_at_birth", "owner_is_the_user") : List.of());
    }

    @ParameterizedTest
    @ValueSource(strings = {"builtin-direct-rw", "builtin-ssh-ro", "openssh-direct-ro", "fresh"})
    @Order(2)
    void theGuestReadsWhatTheHostIsWriting(String word) throws Exception {
        mounted.seesWholeVersions("/mnt/" + word);
    }

    /** With a cache it would be 20 s until sshfs asks again what is in a directory, and who is what. */
    @Test
    @Order(2)
    void withoutACacheAChangeOfTheHostIsSeenAtOnce() throws IOException {
        mounted.passesTheSuite("/mnt/fresh", true, List.of());
        Path directory = Files.createDirectory(shared.resolve("fresh/changes"));
        assertThat(guest("ls /mnt/fresh/changes").out()).isEmpty();
        for (int i = 0; i < 3; i++) {
            Path file = Files.writeString(directory.resolve("new" + i), "x");
            assertThat(guest("ls /mnt/fresh/changes").out()).isEqualTo("new" + i + "\n");
            Files.delete(file);
            assertThat(guest("ls /mnt/fresh/changes").out()).isEmpty();
        }
        Files.delete(directory);
    }

    @Test
    @Order(2)
    void linksAreFollowedOnTheHostIfTheUserWantsThat() throws IOException {
        // What is followed there is no link here, and a link that is made is not what fuse has asked for. The others
        // have nothing to do with links, and take the longest.
        mounted.passesTheSuite(
                "/mnt/followed",
                true,
                List.of(
                        "host_links",
                        "symlink",
                        "git",
                        "host_git",
                        "host_entries",
                        "random_operations",
                        "random_operations_with_maps"));
        Path directory = shared.resolve("followed");
        Path secret = Files.writeString(shared.resolve("secret"), "secret");
        Files.createSymbolicLink(directory.resolve("out"), Path.of("../secret"));
        Files.createSymbolicLink(directory.resolve("out-absolute"), secret);
        Files.createSymbolicLink(directory.resolve("above"), Path.of(".."));
        // In the guest the first link would lead here, where nobody has put anything.
        Files.createSymbolicLink(directory.resolve("deep/there"), Path.of("er"));
        assertThat(guest("cd /mnt/followed && [ ! -L link ] && [ ! -L links/up ] && [ ! -L deep/there ]"
                                + " && stat -c %F link links/up deep/there && cat link links/up deep/there/file")
                        .out())
                .isEqualTo("regular file\nregular file\ndirectory\nfrom the host\nfrom the host\ndeep\n");
        for (String outward : List.of("out", "out-absolute", "above/secret", "links/absolute")) {
            assertThat(works("cat /mnt/followed/" + outward)).as(outward).isFalse();
            assertThat(works("echo x >/mnt/followed/" + outward)).as(outward).isFalse();
        }
        assertThat(works("ls /mnt/followed/above/")).isFalse();
        assertThat(works("touch /mnt/followed/above/planted")).isFalse();
        assertThat(secret).hasContent("secret");
        assertThat(shared.resolve("planted")).doesNotExist();
        assertThat(works("echo y >/mnt/followed/links/up")).isTrue();
        assertThat(directory.resolve("note")).hasContent("y");
        for (String made : List.of("out", "out-absolute", "above", "deep/there")) {
            Files.delete(directory.resolve(made));
        }
    }

    static List<Way> attackedWays() {
        // Over ssh OpenSSH's server, which may write all, is asked by the same sshfs as over the other.
        return ways().stream()
                .filter(way -> !way.word().equals("openssh-ssh-rw"))
                .toList();
    }

    @ParameterizedTest
    @MethodSource("attackedWays")
    @Order(3)
    void theRootOfTheGuestGetsNoFurther(Way way) throws IOException {
        mounted.withstandsRoot(
                way.point(),
                way.writable(),
                location(way),
                // OpenSSH's server, as the host's user, does what it is asked for.
                way.writable() && way.server().equals("openssh") ? List.of("set_uid", "swapped") : List.of());
    }

    @Test
    @Order(3)
    void linksLeadTheGuestNowhereButToItself() throws IOException {
        Path rw = location(new Way("builtin", "direct", true));
        Files.createSymbolicLink(rw.resolve("passwd"), Path.of("/etc/passwd"));
        Files.createSymbolicLink(rw.resolve("up"), Path.of(".."));
        Files.writeString(shared.resolve("secret"), "secret");
        // A link means what it means in the guest; nothing of the host's is behind it.
        assertThat(guest("cat /mnt/builtin-direct-rw/passwd").out())
                .isEqualTo(guest("cat /etc/passwd").out())
                .isNotEqualTo(Files.readString(Path.of("/etc/passwd")));
        assertThat(works("cat /mnt/builtin-direct-rw/up/secret")).isFalse();
        assertThat(works("ln /etc/hostname /mnt/builtin-direct-rw/hard")).isFalse();
        assertThat(works("sudo mknod /mnt/builtin-direct-rw/null c 1 3")).isFalse();
        assertThat(works("cp /bin/true /mnt/builtin-direct-rw/t && chmod 4755 /mnt/builtin-direct-rw/t"))
                .isTrue();
        assertThat((int) Files.getAttribute(rw.resolve("t"), "unix:mode") & 07000)
                .isZero();
        Files.delete(rw.resolve("t"));
        Files.delete(rw.resolve("passwd"));
        Files.delete(rw.resolve("up"));
    }

    /** The guest's own sshfs may be told to write, and to ask for what is not below the directory. */
    @Test
    @Order(4)
    void aGuestThatMountsAgainByItsOwnRulesGetsNoFurther() {
        String port = home.shell(
                        "sed -n 's|^/mnt/builtin-direct-ro=\\([0-9]*\\) .*|\\1|p' " + home.path + "/m/sshfs.ports")
                .out()
                .strip();
        assertThat(port).matches("[0-9]+");
        Path ro = location(new Way("builtin", "direct", false));
        assertThat(guest("mkdir -p /tmp/again && sshfs 192.168.5.2:" + ro + " /tmp/again -o directport=" + port)
                        .code())
                .isZero();
        assertThat(works("cat /tmp/again/note")).isTrue();
        assertThat(works("echo x >/tmp/again/note")).isFalse();
        guest("touch /tmp/again/new; mkdir /tmp/again/new; rm -f /tmp/again/link");
        assertThat(ro.resolve("new")).doesNotExist();
        assertThat(Files.exists(ro.resolve("link"), LinkOption.NOFOLLOW_LINKS)).isTrue();
        guest("fusermount3 -u /tmp/again");
        assertThat(works("sshfs 192.168.5.2:/etc /tmp/again -o directport=" + port))
                .isFalse();
        assertThat(works("sshfs 192.168.5.2:" + ro + "/../.. /tmp/again -o directport=" + port))
                .isFalse();
        // The door is the guest's: a program of the host is turned away before it is listened to.
        assertThat(home.shell("mkdir -p " + home.path + "/x && sshfs 127.0.0.1:" + ro + " " + home.path
                                + "/x -o directport=" + port)
                        .code())
                .isNotZero();
    }

    @Test
    @Order(5)
    void mountsComeAndGoWhileTheGuestRuns() throws IOException {
        Path late = Files.createDirectory(shared.resolve("late"));
        Files.writeString(late.resolve("note"), "late\n");
        home.good("mount", "add", "m", late.toString(), "--mount-point", "/mnt/late comer", "--writable");
        assertThat(guest("cat '/mnt/late comer/note' && echo back >'/mnt/late comer/reply'")
                        .out())
                .isEqualTo("late\n");
        assertThat(Files.readString(late.resolve("reply"))).isEqualTo("back\n");
        assertThat(Files.readString(home.path.resolve("m/lima.yaml"))).contains("/mnt/late comer");
        assertThat(home.limactl("mount", "add", "m", late.toString(), "--mount-point", "/mnt/late comer")
                        .code())
                .isEqualTo(1);
        assertThat(home.limactl("mount", "add", "m", late.toString(), "--mount-point", "/usr")
                        .err())
                .contains("/usr");
        assertThat(home.limactl("mount", "add", "m", late.resolve("note").toString())
                        .code())
                .isEqualTo(1);
        home.good("mount", "remove", "m", "/mnt/late comer");
        assertThat(guest("cat /proc/self/mountinfo").out()).doesNotContain("late");
        assertThat(Files.readString(home.path.resolve("m/lima.yaml"))).doesNotContain("late comer");
    }

    @Test
    @Order(6)
    void aServerThatIsKilledIsReplaced() throws IOException {
        Path direct = shared.resolve("openssh-direct-rw");
        mounted.beginLoad("/mnt/openssh-direct-rw", 150);
        Home.eventually("the load", () -> Files.exists(direct.resolve("load/10")));
        killServers(direct);
        mounted.loadIsComplete("/mnt/openssh-direct-rw", direct, 150);

        Path ssh = shared.resolve("openssh-ssh-rw");
        mounted.beginLoad("/mnt/openssh-ssh-rw", 100);
        Home.eventually("the load", () -> Files.exists(ssh.resolve("load/10")));
        killServers(ssh);
        mounted.loadIsComplete("/mnt/openssh-ssh-rw", ssh, 100);
    }

    @Test
    @Order(6)
    void anSshConnectionThatIsLostIsReplaced() throws IOException {
        Path location = shared.resolve("openssh-ssh-rw");
        // Somebody in it keeps the file system that is gone, and its sshfs must not unmount the one that has come.
        assertThat(works("cd /mnt/openssh-ssh-rw/deep && { nohup sleep 600 >/dev/null 2>&1 </dev/null & }"))
                .isTrue();
        String former = "pgrep -f '^sshfs .* /mnt/openssh-ssh-rw '";
        String pid = guest(former).out().strip();
        mounted.beginLoad("/mnt/openssh-ssh-rw/deep", 100);
        Home.eventually("the load", () -> Files.exists(location.resolve("deep/load/10")));
        // By a connection of its own: mounts may share the one that commands go by.
        Home.Result lost = home.shell("ssh -F " + home.path + "/m/ssh.config -o ControlPath=none -o ControlMaster=no"
                + " lima-m sudo kill -KILL '$(ps -o ppid= -p " + pid + ")'");
        assertThat(lost.code()).as(lost.all()).isZero();
        mounted.loadIsComplete("/mnt/openssh-ssh-rw/deep", location.resolve("deep"), 100);
        Home.eventually("the former one has ended", BACK, () -> !works("kill -0 " + pid));
        for (Way way : ways()) {
            Home.eventually(way.word() + " is there", BACK, () -> works("cat " + way.point() + "/note"));
        }
        assertThat(works("pkill -x sleep && " + former)).isTrue();
    }

    @Test
    @Order(6)
    void anSshfsThatIsKilledInTheGuestIsReplaced() throws IOException {
        Path location = shared.resolve("builtin-ssh-rw");
        mounted.beginLoad("/mnt/builtin-ssh-rw/deep", 100);
        Home.eventually("the load", () -> Files.exists(location.resolve("deep/load/10")));
        assertThat(works("pkill -KILL -f '^sshfs .* /mnt/builtin-ssh-rw '")).isTrue();
        mounted.loadIsComplete("/mnt/builtin-ssh-rw/deep", location.resolve("deep"), 100);
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
    @Order(7)
    void aDaemonThatIsKilledTakesNoMountWithIt() throws IOException {
        Path location = shared.resolve("builtin-direct-rw");
        mounted.beginLoad("/mnt/builtin-direct-rw", 200);
        Home.eventually("the load", () -> Files.exists(location.resolve("load/10")));
        Path ssh = shared.resolve("builtin-ssh-rw");
        mounted.beginLoad("/mnt/builtin-ssh-rw", 200);
        Home.eventually("the load by ssh", () -> Files.exists(ssh.resolve("load/10")));
        // What lasts of the caller's wish is what the machine was started with.
        home.with("JLIMA_SSHFS_BY_SSH", null);
        home.killDaemon();
        // The next command starts a daemon, which adopts the machine.
        assertThat(home.status("m")).isEqualTo("Running");
        for (Way way : ways()) {
            Home.eventually(way.word() + " is back", () -> works("cat " + way.point() + "/note"));
        }
        mounted.loadIsComplete("/mnt/builtin-direct-rw", location, 200);
        mounted.loadIsComplete("/mnt/builtin-ssh-rw", ssh, 200);
        assertThat(guest("stat -f -c %T /mnt/builtin-direct-rw").out()).contains("fuse");
        List<String> lines = home.good("mount", "list", "m").out().lines().toList();
        for (Way way : ways()) {
            assertThat(lines)
                    .anyMatch(line ->
                            line.contains(" on " + way.point() + " (") && line.contains(", " + way.transport() + ", "));
        }
    }

    /** sshfs has no word for a full disk: to it, all that keeps the server from writing is an I/O error. */
    @Test
    @Order(7)
    void aFullDiskOfTheHostIsAnErrorInTheGuest() throws IOException {
        assumeTrue(MountedGuest.isRoot(), "a small disk takes root");
        mounted.fillsUp("/mnt/small", shared.resolve("small"), "Input/output error");
    }

    @Test
    @Order(8)
    void aDirectoryThatIsRemovedComesBackWithTheDirectory() throws IOException {
        Path rw = location(new Way("builtin", "direct", true));
        Path away = shared.resolve("away");
        Files.move(rw, away);
        Files.createDirectory(rw);
        Files.delete(rw);
        Files.move(away, rw);
        assertThat(works("cat /mnt/builtin-direct-rw/note")).isTrue();
        Path odd = shared.resolve("odd, name's");
        Files.delete(odd.resolve("here"));
        Files.delete(odd);
        assertThat(works("touch \"/mnt/odd, name's/x\"")).isFalse();
        Files.createDirectory(odd);
        Home.eventually("it is served again", () -> works("touch \"/mnt/odd, name's/x\""));
        assertThat(odd.resolve("x")).exists();
    }

    @Test
    @Order(9)
    void aGuestThatRestartsFindsItsMountsAgain() throws IOException {
        mounted.reboot();
        nestedMountsAreOneWithinTheOther("rebooted");
        for (Way way : ways()) {
            Home.eventually(way.word(), BACK, () -> works("cat " + way.point() + "/note"));
        }
    }
}
