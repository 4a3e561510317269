// SPDX-License-Identifier: Apache-2.0
package io.jlima.itests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Mounts of a real guest by reverse-sshfs: every server by every transport, writable and not, all in one guest at once;
 * and of the same guest by virtiofs.
 * {@code mount-suite.py} says what a mount must be able to do; the rest is what a guest must not be able to do, and what
 * happens when something dies.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class MountIT {
    /** Seconds; see {@link GuestIT}. */
    private static final long BOOT = 540;

    /** Time for a mount to come back once what kept it away has gone; two seconds, and those of a busy machine. */
    private static final Duration BACK = Duration.ofSeconds(30);

    private final Home home = Home.create();
    private final Path shared = sharedDirectory();

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

    private static Path sharedDirectory() {
        try {
            Path directory = Files.createTempDirectory(Path.of("/tmp"), "jlmounts");
            return Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Path location(Way way) {
        return shared.resolve(way.word());
    }

    /** What the suite wants to find. */
    private static void fill(Path directory) throws IOException {
        Files.createDirectories(directory.resolve("deep/er"));
        Files.createDirectory(directory.resolve("many"));
        for (int i = 0; i < 10_000; i++) {
            Files.createFile(directory.resolve("many/entry-%05d".formatted(i)));
        }
        Files.writeString(directory.resolve("note"), "from the host\n");
        Files.writeString(directory.resolve("deep/er/file"), "deep\n");
        Files.createSymbolicLink(directory.resolve("link"), Path.of("note"));
    }

    @BeforeAll
    void startTheGuest() throws IOException {
        StringBuilder mounts = new StringBuilder();
        StringBuilder bySsh = new StringBuilder("none");
        for (Way way : ways()) {
            fill(Files.createDirectory(location(way)));
            mounts.append("- {location: \"%s\", mountPoint: \"%s\", writable: %s, sshfs: {sftpDriver: %s}}\n"
                    .formatted(location(way), way.point(), way.writable(), way.sftpDriver()));
            if (way.transport().equals("ssh")) {
                bySsh.append(',').append(way.point());
            }
        }
        Files.createDirectory(shared.resolve("odd, name's"));
        mounts.append("- {location: \"%s\", mountPoint: \"/mnt/odd, name's\", writable: true}\n"
                .formatted(shared.resolve("odd, name's")));
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
        home.goodWithin(BOOT, "start", "--tty=false", "--name", "m", yaml.toString());
    }

    @AfterAll
    void leaveNothing() throws IOException {
        home.close();
        try (Stream<Path> files = Files.walk(shared)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    private Home.Result guest(String script) {
        return home.limactl("shell", "--workdir", "/", "m", "sh", "-c", script);
    }

    private boolean works(String script) {
        return guest(script).code() == 0;
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

    @ParameterizedTest
    @MethodSource("ways")
    @Order(2)
    void theSuitePasses(Way way) throws IOException {
        // Neither knows the guest's user nor leaves the mask of new files to the guest.
        boolean openssh = way.server().equals("openssh");
        suite(way.point(), way.writable(), openssh ? List.of("modes_at_birth", "owner_is_the_user") : List.of());
    }

    private void suite(String point, boolean writable, List<String> skipped) throws IOException {
        List<String> words =
                new ArrayList<>(List.of("shell", "--workdir", "/", "m", "python3", "-", point, writable ? "rw" : "ro"));
        words.addAll(skipped);
        String suite;
        try (var in = MountIT.class.getResourceAsStream("mount-suite.py")) {
            assertThat(in).isNotNull();
            suite = new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
        Home.Result result = Home.await(home.start(words.toArray(String[]::new)), suite, 300);
        assertThat(result.code()).as(result.all()).isZero();
        assertThat(result.out().lines().filter(line -> line.startsWith("ok ")))
                .as(result.out())
                .hasSizeGreaterThanOrEqualTo(writable ? 19 : 3);
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
        String port = home.shell("sed -n 's|^/mnt/builtin-direct-ro=||p' " + home.path + "/m/sshfs.ports")
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
    void aServerThatIsKilledIsReplaced() {
        for (String word : List.of("openssh-direct-rw", "openssh-ssh-rw")) {
            Process load = home.start(
                    "shell",
                    "--workdir",
                    "/",
                    "m",
                    "sh",
                    "-c",
                    "i=0; while [ $i -lt 200 ]; do echo $i >/mnt/" + word + "/load.$i; i=$((i + 1)); done 2>/dev/null");
            Home.eventually("a file of the load", () -> Files.exists(shared.resolve(word + "/load.5")));
            List<ProcessHandle> servers = ProcessHandle.allProcesses()
                    .filter(p -> p.info().commandLine().orElse("").contains(shared.resolve(word) + ""))
                    .filter(p -> p.info().command().orElse("").endsWith("sftp-server"))
                    .toList();
            assertThat(servers).as("servers of " + word).isNotEmpty();
            servers.forEach(p -> Home.kill(p.pid()));
            // Over ssh nothing is mounted for a moment, and what is written then stays in the guest.
            String mounted = "grep -q ' /mnt/" + word + " .* fuse.sshfs ' /proc/self/mountinfo";
            Home.eventually(word + " is back", () -> works(mounted + " && echo again >/mnt/" + word + "/again"));
            Home.await(load, "", 120);
            assertThat(shared.resolve(word + "/again")).hasContent("again");
        }
    }

    @Test
    @Order(7)
    void aDaemonThatIsKilledTakesNoMountWithIt() throws IOException {
        Process load = home.start(
                "shell",
                "--workdir",
                "/",
                "m",
                "sh",
                "-c",
                "cd /mnt/builtin-direct-rw; while :; do echo x >load 2>/dev/null; done");
        Home.eventually("the load", () -> Files.exists(shared.resolve("builtin-direct-rw/load")));
        home.killDaemon();
        load.destroyForcibly();
        // The next command starts a daemon, which adopts the machine.
        assertThat(home.status("m")).isEqualTo("Running");
        for (Way way : ways()) {
            Home.eventually(way.word() + " is back", () -> works("cat " + way.point() + "/note"));
        }
        guest("pkill -f '[e]cho x >load'");
        assertThat(guest("stat -f -c %T /mnt/builtin-direct-rw").out()).contains("fuse");
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
    void aGuestThatRestartsFindsItsMountsAgain() {
        String before = guest("cat /proc/sys/kernel/random/boot_id").out();
        guest("sudo systemctl reboot");
        Home.eventually("another boot", Duration.ofSeconds(180), () -> {
            Home.Result now = guest("cat /proc/sys/kernel/random/boot_id");
            return now.code() == 0 && !now.out().equals(before);
        });
        for (Way way : ways()) {
            Home.eventually(way.word(), BACK, () -> works("cat " + way.point() + "/note"));
        }
    }

    @Test
    @Order(10)
    void whatMakesNoSenseIsRefusedBeforeAnythingStarts() throws IOException {
        Path file = Files.writeString(shared.resolve("file"), "");
        for (String[] bad : new String[][] {
            {"{location: \"" + shared + "\", sshfs: {sftpDriver: ftp}}", "ftp"},
            {"{location: \"" + file + "\"}", "file"},
            {"{location: \"" + shared + "\", mountPoint: /usr}", "/usr"}
        }) {
            Path yaml = home.write("bad.yaml", """
                    images:
                    - {location: "debian:bookworm?include=git", arch: x86_64}
                    mountType: reverse-sshfs
                    mounts:
                    - %s
                    """.formatted(bad[0]));
            Home.Result result = home.limactl("create", "--tty=false", "--name", "bad", yaml.toString());
            assertThat(result.code()).as(result.all()).isEqualTo(1);
            assertThat(result.err()).contains(bad[1]);
            assertThat(home.path.resolve("bad")).doesNotExist();
        }
    }

    private static void assumeRoot() throws IOException {
        assumeTrue(
                (Integer) Files.getAttribute(Path.of("/proc/self"), "unix:uid") == 0,
                "Debian 12's virtiofsd serves root only");
    }

    /** The same guest, started again with another mount type. */
    @Test
    @Order(11)
    void theSuitePassesByVirtiofs() throws IOException {
        assumeRoot();
        int user = Integer.parseInt(guest("id -u").out().strip());
        StringBuilder mounts = new StringBuilder();
        for (String access : List.of("rw", "ro")) {
            Path location = Files.createDirectory(shared.resolve("virtiofs, " + access));
            fill(location);
            Files.setAttribute(location, "unix:uid", user);
            mounts.append("{\"location\": \"%s\", \"mountPoint\": \"/mnt/vf %s\", \"writable\": %s},"
                    .formatted(location, access, access.equals("rw")));
        }
        home.good("stop", "m");
        mounts.setLength(mounts.length() - 1);
        home.good("edit", "--tty=false", "m", "--set", ".mountType = \"virtiofs\" | .mounts = [" + mounts + "]");
        home.goodWithin(BOOT, "start", "--tty=false", "m");
        assertThat(home.good("mount", "list", "m").out().lines())
                .containsExactly(
                        shared.resolve("virtiofs, rw") + " on /mnt/vf rw (rw, virtiofs, virtiofsd)",
                        shared.resolve("virtiofs, ro") + " on /mnt/vf ro (ro, virtiofs, virtiofsd)");
        suite("/mnt/vf rw", true, List.of());
        suite("/mnt/vf ro", false, List.of());
    }

    @Test
    @Order(12)
    void theRootOfTheGuestGetsNoFurtherByVirtiofs() throws IOException {
        assumeRoot();
        assertThat(works("[ -d '/mnt/vf ro/deep' ]")).as("virtiofs is mounted").isTrue();
        Path ro = shared.resolve("virtiofs, ro");
        assertThat(works("sudo mount -o remount,rw '/mnt/vf ro'")).isTrue();
        assertThat(works("sudo sh -c 'echo x >\"/mnt/vf ro/note\"'")).isFalse();
        guest("sudo touch '/mnt/vf ro/new'; sudo mkdir '/mnt/vf ro/new'; sudo rm -f '/mnt/vf ro/link'");
        assertThat(ro.resolve("new")).doesNotExist();
        assertThat(ro.resolve("note")).hasContent("from the host");
        assertThat(Files.exists(ro.resolve("link"), LinkOption.NOFOLLOW_LINKS)).isTrue();
        assertThat(works("sudo mknod '/mnt/vf rw/null' c 1 3")).isFalse();
        assertThat(works("ln -s /etc/passwd '/mnt/vf rw/passwd' && cmp /etc/passwd '/mnt/vf rw/passwd'"))
                .isTrue();
        assertThat(works("cat '/mnt/vf rw/../secret'")).isFalse();
    }

    @Test
    @Order(13)
    void aVirtiofsdOutlivesTheDaemonAndIsMissedWhenItIsKilled() throws IOException {
        assumeRoot();
        assertThat(works("[ -d '/mnt/vf ro/deep' ]")).as("virtiofs is mounted").isTrue();
        home.killDaemon();
        assertThat(works("echo after >'/mnt/vf rw/after'")).isTrue();
        assertThat(shared.resolve("virtiofs, rw/after")).hasContent("after");
        assertThat(home.good("mount", "list", "m").out()).doesNotContain("ended");
        String mark = Files.readString(home.path.resolve("m/virtiofsd-1.mark"));
        Home.kill(Long.parseLong(mark.split(" ", 2)[0]));
        Home.eventually(
                "its mount is told as broken",
                () -> home.good("mount", "list", "m")
                        .out()
                        .contains("virtiofsd for " + shared.resolve("virtiofs, ro")));
        assertThat(home.good("list").err()).contains("restart --force m");
        assertThat(works("cat '/mnt/vf rw/after'")).isTrue();
        home.good("stop", "--force", "m");
        Home.eventually(
                "the other one has ended too",
                () -> ProcessHandle.allProcesses()
                        .noneMatch(p -> p.info().commandLine().orElse("").contains(home.path + "/m/virtiofsd-0.sock")));
    }
}
