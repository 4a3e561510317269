// SPDX-License-Identifier: Apache-2.0
package io.jlima.itests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
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

/** The commands that need a guest, all with one: the instance {@code vm}, which has an additional disk and no mounts. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class GuestCommandsIT {
    private static final long BOOT = 540;

    private final Home home = Home.create();
    private final Path files = home.path.resolve("_files");

    @BeforeAll
    void boot() throws IOException {
        Files.createDirectories(files.resolve("dir/deep er"));
        Files.writeString(files.resolve("file"), "content\n");
        Files.writeString(files.resolve("dir/deep er/new\nline"), "odd\n");
        byte[] random = new byte[3 << 20];
        new Random(7).nextBytes(random);
        Files.write(files.resolve("dir/large"), random);
        home.good("disk", "create", "data", "--size", "64MiB");
        home.write("vm.yaml", """
                images:
                - location: "debian:bookworm"
                cpus: 1
                memory: 768MiB
                disk: 8GiB
                mounts: []
                additionalDisks:
                - data
                message: |
                  Hello from {{.Name}}.
                """);
        Home.Result start = home.goodWithin(
                BOOT,
                "start",
                "--tty=false",
                "--name",
                "vm",
                home.path.resolve("vm.yaml").toString());
        assertThat(start.err()).contains("READY. Run `", "shell vm` to open the shell.", "ssh -F ", "Hello from vm.");
        assertThat(start.out()).isEmpty();
    }

    @AfterAll
    void leaveNothing() throws IOException {
        home.close();
        if (Files.exists(files)) {
            try (Stream<Path> all = Files.walk(files)) {
                for (Path file : all.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            }
        }
    }

    static Stream<CommandCase> guest() {
        return CommandCases.GUEST.stream();
    }

    @ParameterizedTest
    @MethodSource
    @Order(1)
    void guest(CommandCase test) {
        test.check(home, BOOT);
    }

    @Test
    @Order(2)
    void filesComeBackAsTheyWent() {
        for (String backend : List.of("auto", "scp")) {
            String there = "vm:/tmp/tree-" + backend;
            home.good("copy", "--backend", backend, "-r", files.resolve("dir").toString(), there);
            Path back = files.resolve("back-" + backend);
            home.good("copy", "--backend", backend, "-r", there, back.toString());
            assertSame(files.resolve("dir"), back);
            // A directory that is there takes the copy in.
            home.good("copy", "--backend", backend, "-r", there, back.toString());
            assertSame(files.resolve("dir"), back.resolve("tree-" + backend));
        }
    }

    private static void assertSame(Path expected, Path found) {
        try (Stream<Path> all = Files.walk(expected)) {
            for (Path file : all.filter(Files::isRegularFile).toList()) {
                Path twin = found.resolve(expected.relativize(file));
                assertThat(twin).hasSameBinaryContentAs(file);
                assertThat(Files.getLastModifiedTime(twin).toMillis() / 1000)
                        .isEqualTo(Files.getLastModifiedTime(file).toMillis() / 1000);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** There are no mounts, but some may come while it runs. */
    @Test
    @Order(3)
    void theGuestIsReadyForMountsBySshfs() {
        for (String file : List.of("/usr/local/lib/lima-sshfs-enospc.so", "/run/lima-fuse-ready")) {
            assertThat(home.good("shell", "vm", "stat", "--format=%a %U", file).out())
                    .as(file)
                    .isEqualTo("644 root\n");
        }
        assertThat(home.good("shell", "vm", "cat", "/etc/fuse.conf").out().lines())
                .contains("user_allow_other");
    }

    @Test
    @Order(3)
    void theDiskIsThere() {
        assertThat(home.good("shell", "vm", "df", "--output=target").out()).contains("/mnt/lima-data");
        assertThat(home.good("disk", "list", "--json").out()).contains("\"instance\":\"vm\"");
        assertThat(home.limactl("disk", "delete", "--force", "data").err()).contains("in use by instance `vm`");
        assertThat(home.limactl("disk", "unlock", "data").err()).contains("used by running instance `vm`");
        assertThat(home.limactl("disk", "resize", "data", "--size", "1GiB").err())
                .contains("in use by running instance `vm`");
    }

    @Test
    @Order(4)
    void aRunningGuestGoesBackToItsSnapshot() {
        home.good("shell", "vm", "sh", "-c", "echo before > /var/tmp/mark; echo 1 > /dev/shm/memory");
        home.good("snapshot", "create", "vm", "--tag", "live");
        home.good("shell", "vm", "sh", "-c", "echo after > /var/tmp/mark; echo 2 > /dev/shm/memory");
        home.good("snapshot", "apply", "vm", "--tag", "live");
        assertThat(home.good("shell", "vm", "cat", "/var/tmp/mark", "/dev/shm/memory")
                        .out())
                .isEqualTo("before\n1\n");
        assertThat(home.good("snapshot", "list", "-q", "vm").out()).isEqualTo("live\n");
        home.good("snapshot", "delete", "vm", "--tag", "live");
        assertThat(home.good("snapshot", "list", "vm").out()).isEmpty();
    }

    /** Tells by which name and with which words it was called, each with a zero behind it. */
    private static final String STAND_IN = """
            #!/bin/sh
            printf '%s\\0' "${0##*/}" "$@" "mark=$MARK" "bind=$APPTAINER_BINDPATH" "user=$(id -un)"
            exit 7
            """;

    private static final List<String> ODD_WORDS = List.of(
            "run",
            "--rm",
            "a b",
            "",
            "'",
            "\"",
            "$HOME",
            "*",
            "\\",
            "one\n\ttwo",
            "-e",
            "A=b c",
            "--",
            "`id`",
            "!",
            "#");

    private Home.Result wrapper(String name, List<String> words) {
        List<String> line = new ArrayList<>();
        line.add(Home.DISTRIBUTION.resolve("bin").resolve(name).toString());
        line.addAll(words);
        return Home.await(home.process(line), "", Home.LIMIT_SECONDS);
    }

    /** Where the host has no such program, the guest's is called. */
    @Test
    @Order(5)
    void theWrappersHandEveryByteToTheProgramOfTheGuest() {
        assertThat(home.limactlFed(STAND_IN, "shell", "vm", "sudo", "tee", "/usr/local/bin/docker")
                        .code())
                .isZero();
        home.good("shell", "vm", "sudo", "sh", "-c", """
                cd /usr/local/bin && chmod 755 docker && for name in podman nerdctl kubectl apptainer; do ln -f docker $name; done""");
        String user = home.good("shell", "vm", "id", "-un").out().strip();
        List.of("DOCKER", "PODMAN", "KUBECTL").forEach(name -> home.with(name, "there-is-no-such-program"));
        home.with("LIMA_INSTANCE", "vm").with("MARK", "a 'b'").with("APPTAINER_BINDPATH", null);
        try {
            for (String name : List.of("docker", "podman", "nerdctl", "kubectl", "apptainer")) {
                Home.Result result = wrapper(name + ".lima", ODD_WORDS);
                assertThat(result.out().split("\0", -1))
                        .as(result.all())
                        .startsWith(name)
                        .containsSequence(ODD_WORDS)
                        .containsSequence(
                                "mark=" + (name.equals("nerdctl") ? "a 'b'" : ""),
                                "bind="
                                        + (name.equals("apptainer")
                                                ? home.environment().get("HOME")
                                                : ""),
                                "user=" + (name.equals("kubectl") ? "root" : user),
                                "")
                        .hasSize(ODD_WORDS.size() + 5);
                assertThat(result.code()).as(result.all()).isEqualTo(7);
            }
            home.with("APPTAINER_BINDPATH", "/mnt");
            assertThat(wrapper("apptainer.lima", List.of("exec")).out())
                    .contains("bind=/mnt," + home.environment().get("HOME") + "\0");
            assertThat(wrapper("lima", ODD_WORDS.subList(0, 1)).code()).isEqualTo(127);
        } finally {
            List.of("DOCKER", "PODMAN", "KUBECTL", "LIMA_INSTANCE", "MARK", "APPTAINER_BINDPATH")
                    .forEach(name -> home.with(name, null));
        }
    }

    @Test
    @Order(6)
    void pipesCarryEveryByteBothWays() throws IOException {
        String limactl = home.program().toString();
        Path sent = files.resolve("dir/large");
        Path back = files.resolve("through");
        String through = limactl + " shell vm cat";
        for (String line : List.of(
                "cat SENT | THROUGH | cat >BACK",
                "cat SENT | THROUGH >BACK 2>/dev/null",
                "THROUGH <SENT 2>&1 | cat >BACK",
                "THROUGH <SENT >BACK",
                ": >BACK; cat SENT | THROUGH 2>&1 >>BACK | cat")) {
            Home.Result result = home.shell(line.replace("SENT", sent.toString())
                    .replace("BACK", back.toString())
                    .replace("THROUGH", through));
            assertThat(result.code()).as(line + result.all()).isZero();
            assertThat(back).as(line).hasSameBinaryContentAs(sent);
        }
        Home.Result both = home.shell(limactl + " shell vm sh -c 'echo out; echo err >&2; exit 3' 2>&1; echo $?");
        assertThat(both.out()).contains("out\n", "err\n").endsWith("3\n");
        Home.Result head =
                home.shell("{ " + through + " /dev/zero; echo $? >&2; } </dev/null | head -c 100000 | wc -c");
        assertThat(head.out().strip()).isEqualTo("100000");
        assertThat(head.err()).isEqualTo("141\n");
    }

    @Test
    @Order(7)
    void differencesAreShownPageByPage() throws Exception {
        Path project = Files.createDirectories(files.resolve("project/deep"));
        Files.writeString(project.resolve("note"), "one\n");
        home.with("TERM", "xterm").with("PAGER", "sed 's/^/page: /'").with("NO_COLOR", "1");
        try (Typescript terminal =
                new Typescript(home, "limactl shell --sync " + project + " vm sh -c 'echo two >>note'", 24, 100)) {
            terminal.await("> 1) Yes");
            terminal.type("show\r");
            terminal.await("page: +two");
            terminal.await("> 1) Yes", 2);
            terminal.type("\r");
            assertThat(terminal.end()).as(terminal.text()).isZero();
            assertThat(terminal.text()).contains("Copied back: 0 added, 0 deleted, 1 modified");
        } finally {
            home.with("PAGER", null).with("NO_COLOR", null);
        }
        assertThat(project.resolve("note")).hasContent("one\ntwo\n");
    }

    /** Made on the host, where a stand-in says that systemd runs; run by the systemd of the guest. */
    @Test
    @Order(8)
    void theUnitOfAutostartIsOneThatSystemdRuns() throws Exception {
        SilentGuest silent = new SilentGuest();
        String unit;
        try (Home other = silent.home()) {
            silent.create(other, "a");
            other.good("daemon", "stop");
            Path systemctl = other.write("_systemctl", """
                    #!/bin/sh
                    test "$*" = "--user --quiet enable lima-vm@a.service" || { echo "what? $*" >&2; exit 2; }
                    test -s "$XDG_CONFIG_HOME/systemd/user/lima-vm@a.service"
                    """);
            Path config = other.path.resolve("_config d");
            Home.Result enabled = other.with("XDG_CONFIG_HOME", config.toString())
                    .shell("mkdir " + other.path + "/_bin; install -m 755 " + systemctl + " " + other.path
                            + "/_bin/systemctl; unshare -rm sh -c 'mount -t tmpfs none /run && mkdir -p /run/systemd/system"
                            + " && PATH=" + other.path + "/_bin:$PATH && exec " + other.program()
                            + " autostart enable a'");
            assertThat(enabled.code()).as(enabled.all()).isZero();
            assertThat(enabled.err()).contains("starts at each login");
            unit = Files.readString(config.resolve("systemd/user/lima-vm@a.service"));
            assertThat(unit).contains("LIMA_HOME=" + other.path);
        } finally {
            silent.close();
        }
        String program = home.program().toString();
        home.limactlFed(unit, "shell", "vm", "sudo", "tee", "/etc/systemd/user/lima-vm@a.service");
        home.limactlFed(
                "#!/bin/sh\necho \"$LIMA_HOME: $*\" >>/tmp/called\n", "shell", "vm", "sudo", "tee", "/tmp/program");
        home.good("shell", "vm", "sudo", "install", "-D", "-m", "755", "/tmp/program", program);
        Home.Result verified =
                home.good("shell", "vm", "systemd-analyze", "--user", "verify", "/etc/systemd/user/lima-vm@a.service");
        assertThat(verified.out() + verified.err()).isEmpty();
        home.good("shell", "vm", "systemctl", "--user", "enable", "--now", "lima-vm@a.service");
        assertThat(home.good("shell", "vm", "systemctl", "--user", "is-active", "lima-vm@a.service")
                        .out())
                .isEqualTo("active\n");
        assertThat(home.good("shell", "vm", "systemctl", "--user", "is-enabled", "lima-vm@a.service")
                        .out())
                .isEqualTo("enabled\n");
        home.good("shell", "vm", "systemctl", "--user", "disable", "--now", "lima-vm@a.service");
        assertThat(home.good("shell", "vm", "sed", "s/.*: //", "/tmp/called").out())
                .isEqualTo("start --tty=false a\nstop a\n");
        assertThat(home.good("shell", "vm", "cat", "/tmp/called").out()).startsWith("/tmp/jl");
    }

    @Test
    @Order(9)
    void theDiskIsGivenBack() {
        home.goodWithin(BOOT, "stop", "vm");
        assertThat(home.good("disk", "list", "--json").out()).contains("\"instance\":\"\"");
    }
}
