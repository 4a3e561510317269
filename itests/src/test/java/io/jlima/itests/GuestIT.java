// SPDX-License-Identifier: Apache-2.0
package io.jlima.itests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;

/**
 * Real guests, from a template to a shell and to their end. A boot takes half a minute where the processor is emulated,
 * so the tests are steps of one story: {@code t1} is the shipped template, {@code t2} has everything that this class
 * wants to see in a guest, {@code ci} boots as a stock image does.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class GuestIT {
    /** Seconds; a guest that is not up by then, on a machine that has other things to do too, never will be. */
    private static final long BOOT = 540;

    private final Home home = Home.create();
    private final Path shared = sharedDirectory();
    private final Path readOnly = shared.resolve("look at, not touch");
    private final Path writable = shared.resolve("rw");

    @BeforeAll
    void prepareDirectories() throws IOException {
        for (Path directory : List.of(readOnly, readOnly.resolve("deep"))) {
            Files.createDirectory(directory);
            Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
        }
        Files.createDirectory(writable);
        Files.setPosixFilePermissions(writable, PosixFilePermissions.fromString("rwxrwxrwx"));
        Files.writeString(readOnly.resolve("note"), "from the host\n");
        Files.setPosixFilePermissions(readOnly.resolve("note"), PosixFilePermissions.fromString("rw-r--r--"));
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

    /** A directory that guest users may enter. */
    private static Path sharedDirectory() {
        try {
            Path directory = Files.createTempDirectory(Path.of("/tmp"), "jlshared");
            return Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    @Order(10)
    void theShippedTemplateStarts() {
        Home.Result start = home.goodWithin(BOOT, "start", "--tty=false", "--name", "t1", "template://debian");
        assertThat(start.out()).isEmpty();
        assertThat(start.err()).contains("READY");
        Home.Result list = home.good("list", "--json", "t1");
        assertThat(list.out()).contains("\"name\":\"t1\"").contains("\"status\":\"Running\"");
        assertThat(list.out().lines()).hasSize(1);
        assertThat(home.good("shell", "t1", "cat", "/etc/os-release").out()).contains("VERSION_CODENAME=bookworm");
        assertThat(home.good("start", "t1").out())
                .as("start of a running instance")
                .isEmpty();
    }

    @Test
    @Order(11)
    void inputOutputErrorsAndExitCodePassThrough() {
        Home.Result fed = home.limactlFed("hi\n", "shell", "t1", "cat");
        assertThat(fed.out()).isEqualTo("hi\n");
        assertThat(fed.err()).isEmpty();
        assertThat(fed.code()).isZero();
        assertThat(home.limactl("shell", "t1", "sh", "-c", "exit 7").code()).isEqualTo(7);
        assertThat(home.limactl("shell", "t1", "no-such-program").code()).isEqualTo(127);
        Home.Result both = home.limactl("shell", "t1", "sh", "-c", "echo one; echo two >&2; kill -TERM $$");
        assertThat(both.out()).isEqualTo("one\n");
        assertThat(both.err()).contains("two\n").doesNotContain("one");
        assertThat(both.code()).isEqualTo(143);
    }

    @Test
    @Order(12)
    void argumentsArriveByteForByte() throws Exception {
        List<String> words = List.of(
                "plain",
                "two words",
                "  edges ",
                "",
                "it's \"quoted\"",
                "$HOME `id` $(id) \\ \\n",
                "line\nbreak\n",
                "grüße ✓ 𝄞",
                "*",
                "~",
                "a;b|c&d>e<f",
                "#no comment",
                "!1",
                "--flag=x",
                "-n",
                "{a,b}",
                "\ttab");
        List<String> command = new ArrayList<>(List.of("shell", "t1", "printf", "%s\\0"));
        command.addAll(words);
        assertThat(home.good(command.toArray(String[]::new)).out()).isEqualTo(String.join("\0", words) + "\0");
        assertThat(home.good("shell", "t1", "A=b", "C=d e", "sh", "-c", "echo \"$A,$C\"")
                        .out())
                .isEqualTo("b,d e\n");
    }

    @Test
    @Order(13)
    void aMebibyteOfAnythingComesBackUnchanged() throws Exception {
        byte[] sent = new byte[1 << 20];
        new Random(42).nextBytes(sent);
        Process cat = home.start("shell", "t1", "cat");
        CompletableFuture<byte[]> received = new CompletableFuture<>();
        Thread.ofVirtual().start(() -> {
            try {
                received.complete(cat.getInputStream().readAllBytes());
            } catch (IOException e) {
                received.completeExceptionally(e);
            }
        });
        try (var in = cat.getOutputStream()) {
            in.write(sent);
        }
        assertThat(received.get(60, TimeUnit.SECONDS)).isEqualTo(sent);
        assertThat(cat.waitFor(20, TimeUnit.SECONDS)).isTrue();
        assertThat(cat.exitValue()).isZero();
    }

    @Test
    @Order(14)
    void limaIsTheShortWord() {
        home.with("LIMA_INSTANCE", "t1");
        try {
            assertThat(home.lima("uname", "-n").out()).isEqualTo("lima-t1\n");
            assertThat(home.lima("sh", "-c", "exit 3").code()).isEqualTo(3);
            home.with("LIMA_WORKDIR", "/var/tmp");
            assertThat(home.lima("pwd").out()).isEqualTo("/var/tmp\n");
        } finally {
            home.with("LIMA_INSTANCE", null).with("LIMA_WORKDIR", null);
        }
        assertThat(home.good("shell", "--workdir", "/usr/lib", "t1", "pwd").out())
                .isEqualTo("/usr/lib\n");
        Home.Result nowhere = home.limactl("shell", "--workdir", "/no/such", "t1", "pwd");
        assertThat(nowhere.code()).isEqualTo(1);
        assertThat(nowhere.out()).isEmpty();
    }

    @Test
    @Order(15)
    void openSshEntersByTheInstancesConfigAndTrustsNobodyElse() {
        String ssh = "ssh -F " + home.path + "/t1/ssh.config";
        Home.Result good = home.shell(ssh + " lima-t1 'echo $SSH_CONNECTION' 2>" + home.path + "/ssh.err; code=$?; "
                + ssh + " -O exit lima-t1 2>/dev/null; exit $code");
        assertThat(good.code()).as(good.all()).isZero();
        assertThat(good.out()).isNotBlank();
        assertThat(home.shell(ssh + " -G lima-t1").out()).contains("stricthostkeychecking true");

        Home.Result wrong = home.shell(
                "ssh-keygen -q -t ed25519 -N '' -f " + home.path + "/other && printf 'lima-t1 %s\\n' \"$(cat "
                        + home.path + "/other.pub)\" >" + home.path + "/wrong_hosts && " + ssh
                        + " -o ControlPath=none -o UserKnownHostsFile=" + home.path + "/wrong_hosts lima-t1 true");
        assertThat(wrong.code()).isEqualTo(255);
        assertThat(wrong.err()).contains("Host key verification failed");
    }

    @Test
    @Order(16)
    void theHostAgentsFilesTellOfTheGuest() throws IOException {
        String port = home.good("list", "--json", "t1").out().replaceAll("(?s).*\"sshLocalPort\":(\\d+).*", "$1");
        assertThat(http("t1", "/v1/info")).startsWith("HTTP/1.1 200 ").endsWith("{\"sshLocalPort\":" + port + "}");
        assertThat(http("t1", "/v1/other")).startsWith("HTTP/1.1 404 ");
        List<String> events = Files.readAllLines(home.path.resolve("t1/ha.stdout.log"));
        assertThat(events.getFirst()).contains("\"sshLocalPort\":" + port).doesNotContain("running");
        assertThat(events.getLast()).contains("\"running\":true").doesNotContain("degraded");
        assertThat(events).allMatch(e -> e.startsWith("{\"time\":\"") && e.endsWith("}}"));
        assertThat(Files.readString(home.path.resolve("t1/ha.pid")).strip()).isEqualTo("" + home.daemonPid());
        // QEMU tells when the guest sets up its network card, which spares it being asked before.
        assertThat(home.good("daemon", "log", "--all").out()).contains("NetworkUp");
    }

    private String http(String instance, String target) throws IOException {
        try (SocketChannel socket = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            socket.connect(
                    UnixDomainSocketAddress.of(home.path.resolve(instance).resolve("ha.sock")));
            socket.write(StandardCharsets.US_ASCII.encode("GET " + target + " HTTP/1.1\r\nHost: lima\r\n\r\n"));
            ByteBuffer answer = ByteBuffer.allocate(4096);
            while (socket.read(answer) >= 0 && answer.hasRemaining()) {
                assertThat(answer.position()).isPositive();
            }
            return new String(answer.array(), 0, answer.position(), StandardCharsets.US_ASCII);
        }
    }

    @Test
    @Order(17)
    void aTerminalIsATerminal() throws Exception {
        try (Typescript here = new Typescript(home, "limactl shell t1 sh -c 'tty; stty size'", 33, 101)) {
            assertThat(here.end()).as(here.text()).isZero();
            assertThat(here.text()).contains("/dev/pts/").contains("33 101");
        }
        try (Typescript code = new Typescript(home, "limactl shell t1 sh -c 'exit 9'", 24, 80)) {
            assertThat(code.end()).isEqualTo(9);
        }
        try (Typescript interrupted = new Typescript(
                home, "limactl shell t1 sh -c 'trap \"echo caught; exit 5\" INT; echo ready; sleep 60'", 24, 80)) {
            interrupted.await("ready");
            interrupted.type("\003");
            interrupted.await("caught");
            assertThat(interrupted.end()).isEqualTo(5);
        }
        try (Typescript resized = new Typescript(
                home,
                "limactl shell t1 sh -c 'trap \"stty size; exit\" WINCH; echo ready; while :; do sleep 0.1; done'",
                30,
                90)) {
            resized.await("ready");
            resized.resize(40, 120);
            resized.await("40 120");
            assertThat(resized.end()).isZero();
        }
        try (Typescript login = new Typescript(home, "limactl shell t1", 24, 80)) {
            login.await("$ ");
            login.type("echo $((6*7))-$TERM; exit 4\r");
            login.await("42-");
            assertThat(login.end()).isEqualTo(4);
        }
    }

    /** What the daemon holds when it has nothing to do: descriptors, threads, and KiB of live objects. */
    private record Held(long descriptors, long threads, long heap) {
        static Held by(long pid) throws Exception {
            Path process = Path.of("/proc/" + pid);
            long descriptors;
            try (Stream<Path> open = Files.list(process.resolve("fd"))) {
                descriptors = open.count();
            }
            String jcmd = Path.of(System.getProperty("java.home"), "bin/jcmd").toString();
            String script = jcmd + " " + pid + " GC.run >/dev/null && " + jcmd + " " + pid + " GC.heap_info";
            Process asking = new ProcessBuilder("/bin/sh", "-c", script)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            String text = new String(asking.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            long heap = Pattern.compile("Tenured +total \\d+K, used (\\d+)K")
                    .matcher(text)
                    .results()
                    .mapToLong(r -> Long.parseLong(r.group(1)))
                    .sum();
            assertThat(heap).as(text).isPositive();
            try (Stream<Path> tasks = Files.list(process.resolve("task"))) {
                return new Held(descriptors, tasks.count(), heap);
            }
        }
    }

    @Test
    @Order(18)
    void aThousandCallsLeakNothing() throws Exception {
        String calls = "i=0; while [ $i -lt %d ]; do " + home.program()
                + " shell t1 true </dev/null || exit 1; i=$((i + 1)); done";
        String sessions = "pgrep -c sshd";
        assertThat(home.shellWithin(120, calls.formatted(50)).code()).isZero();
        String inGuest = home.good("shell", "t1", "sh", "-c", sessions).out();
        Held before = Held.by(home.daemonPid());
        assertThat(home.shellWithin(900, calls.formatted(1000)).code()).isZero();
        Held after = Held.by(home.daemonPid());
        assertThat(after.descriptors()).as("%s, then %s", before, after).isLessThanOrEqualTo(before.descriptors() + 2);
        assertThat(after.threads()).as("%s, then %s", before, after).isLessThanOrEqualTo(before.threads() + 4);
        assertThat(after.heap()).as("%s, then %s", before, after).isLessThan(before.heap() + 1024);
        assertThat(home.good("shell", "t1", "sh", "-c", sessions).out()).isEqualTo(inGuest);
    }

    @Test
    @Order(20)
    void aSecondGuestIsSetUpInOrderAndOneBadScriptIsNamed() {
        Path yaml = home.write("t2.yaml", """
                images: [{location: "debian:bookworm"}]
                memory: 1GiB
                mountType: 9p
                mounts:
                - location: "%1$s"
                - location: "%2$s"
                  writable: true
                param: {Word: "from param"}
                env: {FROM_ENV: "from env"}
                provision:
                - mode: user
                  script: |
                    #!/bin/bash
                    set -eu
                    echo "user $(id -un) $FROM_ENV" | sudo tee -a /var/tmp/order
                - mode: system
                  script: |
                    #!/bin/sh
                    echo "system $(id -un) $PARAM_Word $(cat /etc/itest-data)" >>/var/tmp/order
                - mode: system
                  script: |
                    #!/bin/sh
                    exit 3
                - mode: data
                  path: /etc/itest-data
                  content: some data
                  permissions: 640
                - mode: dependency
                  skipDefaultDependencyResolution: true
                  script: |
                    #!/bin/sh
                    echo "dependency $(id -un)" >>/var/tmp/order
                - mode: boot
                  script: |
                    echo "boot $(id -un)" >>/var/tmp/order
                probes:
                - description: everything has run
                  hint: look into /var/tmp/order
                  script: |
                    #!/bin/bash
                    grep '^user ' /var/tmp/order && touch /var/tmp/probed
                """.formatted(readOnly, writable));
        Home.Result start = home.limactlWithin(BOOT, "start", "--tty=false", yaml.toString());
        assertThat(start.code()).as(start.all()).isEqualTo(1);
        assertThat(start.out()).isEmpty();
        assertThat(start.err()).contains("provision.system/00000002").doesNotContain("provision.user/");
        assertThat(home.status("t2")).isEqualTo("Running");
        assertThat(home.good("shell", "t2", "sudo", "cat", "/var/tmp/order").out())
                .isEqualTo("""
                boot root
                dependency root
                system root from param some data
                user %s from env
                """.formatted(
                                home.good("shell", "t2", "id", "-un").out().strip()));
        assertThat(home.good("shell", "t2", "stat", "-c", "%a %U", "/etc/itest-data")
                        .out())
                .isEqualTo("640 root\n");
        assertThat(home.good("shell", "t2", "ls", "/var/tmp/probed").out()).isEqualTo("/var/tmp/probed\n");
        assertThat(home.path.resolve("t2/ha.stdout.log"))
                .content()
                .contains("\"degraded\":true")
                .contains("00000002");
        assertThat(home.good("shell", "t1", "uname", "-n").out()).isEqualTo("lima-t1\n");
    }

    @Test
    @Order(21)
    void mountsMirrorTheHostAndKeepTheirPromise() throws IOException {
        assertThat(home.good("shell", "t2", "cat", readOnly + "/note").out()).isEqualTo("from the host\n");
        assertThat(home.shell("cd '" + readOnly + "/deep' && exec " + Home.DISTRIBUTION + "/bin/limactl shell t2 pwd")
                        .out())
                .isEqualTo(readOnly + "/deep\n");
        Home.Result outside = home.shell("cd /usr && exec " + Home.DISTRIBUTION + "/bin/limactl shell t2 pwd");
        assertThat(outside.out()).as("a directory that is not mounted").isNotEqualTo("/usr\n");
        assertThat(outside.err()).isEmpty();

        Home.Result refused = home.limactl("shell", "t2", "sudo", "touch", readOnly + "/new");
        assertThat(refused.code()).isNotZero();
        assertThat(refused.err()).contains("Read-only file system");
        // The host's side refuses too: a guest's root may mount again as it likes.
        assertThat(home.limactl(
                                "shell",
                                "t2",
                                "sudo",
                                "sh",
                                "-c",
                                "mount -o remount,rw '" + readOnly + "'; touch '" + readOnly + "/new'")
                        .code())
                .isNotZero();
        assertThat(readOnly.resolve("new")).doesNotExist();

        home.good("shell", "t2", "sh", "-c", "echo 'from the guest' >" + writable + "/answer");
        assertThat(writable.resolve("answer")).hasContent("from the guest");
    }

    @Test
    @Order(22)
    void guestsOutliveAKilledDaemonAndAStrangerIsRefused() throws IOException {
        long first = home.machinePid("t1");
        long second = home.machinePid("t2");
        long daemon = home.daemonPid();
        home.killDaemon();
        assertThat(home.good("shell", "t1", "uname", "-n").out()).isEqualTo("lima-t1\n");
        assertThat(home.good("shell", "t2", "uname", "-n").out()).isEqualTo("lima-t2\n");
        assertThat(home.daemonPid()).isNotEqualTo(daemon);
        assertThat(home.machinePid("t1")).isEqualTo(first);
        assertThat(home.machinePid("t2")).isEqualTo(second);
        assertThat(Home.isAlive(first) && Home.isAlive(second)).isTrue();
        assertThat(http("t1", "/v1/info")).startsWith("HTTP/1.1 200 ");

        // As if another sshd listened on the port: its key is not the one that the instance was given.
        Path key = home.path.resolve("t2/ssh_host_ed25519_key.pub");
        String right = Files.readString(key);
        home.killDaemon();
        Files.copy(home.path.resolve("other.pub"), key, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
        Home.Result stranger = home.limactl("shell", "t2", "true");
        assertThat(stranger.code()).as(stranger.all()).isEqualTo(1);
        assertThat(stranger.err()).containsIgnoringCase("host key");
        Files.writeString(key, right);
        home.good("shell", "t2", "true");
    }

    @Test
    @Order(30)
    void aGuestThatShutsItselfDownIsStopped() {
        home.good(
                "shell",
                "t1",
                "sh",
                "-c",
                "echo kept | sudo tee /var/marker; df --output=size -B1M / | tail -1 | sudo tee /var/size");
        long machine = home.machinePid("t1");
        home.limactl("shell", "t1", "sudo", "poweroff");
        Home.eventually("the machine has ended", () -> !Home.isAlive(machine));
        Home.eventually("t1 is Stopped", () -> home.status("t1").equals("Stopped"));
        assertThat(home.path.resolve("t1/ha.sock")).doesNotExist();
        assertThat(home.path.resolve("t1/ha.pid")).doesNotExist();
        assertThat(home.path.resolve("t1/ha.stdout.log")).content().contains("\"exiting\":true");
        assertThat(home.limactl("shell", "t1", "true").err()).contains("is stopped");
        assertThat(home.good("shell", "t2", "uname", "-n").out()).isEqualTo("lima-t2\n");
    }

    @Test
    @Order(31)
    void theSecondStartKeepsTheDiskAndGrowsItToWhatIsAsked() throws IOException {
        Path yaml = home.path.resolve("t1/lima.yaml");
        Files.writeString(yaml, Files.readString(yaml) + "\ndisk: 120GiB\n");
        assertThat(home.goodWithin(BOOT, "start", "t1").out()).isEmpty();
        assertThat(home.good("shell", "t1", "cat", "/var/marker").out()).isEqualTo("kept\n");
        long before = Long.parseLong(
                home.good("shell", "t1", "cat", "/var/size").out().strip());
        long after = Long.parseLong(home.good("shell", "t1", "sh", "-c", "df --output=size -B1M / | tail -1")
                .out()
                .strip());
        assertThat(after - before).as("growth in MiB").isBetween(18_000L, 20_480L);
    }

    @Test
    @Order(32)
    void restartMendsWhatTheFileMends() throws IOException {
        Path yaml = home.path.resolve("t2/lima.yaml");
        Files.writeString(yaml, Files.readString(yaml).replace("exit 3", "exit 0"));
        long machine = home.machinePid("t2");
        Home.Result restart = home.goodWithin(BOOT, "restart", "t2");
        assertThat(restart.out()).isEmpty();
        assertThat(Home.isAlive(machine)).isFalse();
        assertThat(home.machinePid("t2")).isNotEqualTo(machine);
        assertThat(home.good("shell", "t2", "cat", readOnly + "/note").out()).isEqualTo("from the host\n");
        assertThat(home.good("shell", "t2", "sudo", "grep", "-c", "^user", "/var/tmp/order")
                        .out())
                .isEqualTo("2\n");
    }

    @Test
    @Order(33)
    void stopReturnsWhenTheMachineIsGone() throws Exception {
        long machine = home.machinePid("t2");
        Process stop = home.start("stop", "t2");
        Home.eventually("the machine has ended", () -> !Home.isAlive(machine));
        long gone = System.nanoTime();
        Home.Result result = Home.await(stop, "", 30);
        assertThat(result.code()).as(result.all()).isZero();
        assertThat(result.out()).isEmpty();
        // The aim is a fifth of a second; a machine that is busy with other things gets its time.
        assertThat(System.nanoTime() - gone).isLessThan(TimeUnit.SECONDS.toNanos(3));
        assertThat(home.status("t2")).isEqualTo("Stopped");
        assertThat(home.limactl("stop", "t2").code()).isEqualTo(1);
        home.good("delete", "t2");
        assertThat(home.path.resolve("t2")).doesNotExist();
    }

    @Test
    @Order(40)
    void aFactoryResetEndsTheMachineAndBringsAFreshDisk() {
        long machine = home.machinePid("t1");
        home.good("factory-reset", "t1");
        assertThat(Home.isAlive(machine)).isFalse();
        assertThat(home.status("t1")).isEqualTo("Stopped");
        assertThat(home.path.resolve("t1/lima.yaml")).content().contains("disk: 120GiB");
        assertThat(home.path.resolve("t1/diffdisk")).doesNotExist();
        home.goodWithin(BOOT, "start", "t1");
        assertThat(home.limactl("shell", "t1", "ls", "/var/marker").code()).isNotZero();
    }

    @Test
    @Order(41)
    void deleteByForceEndsTheMachine() {
        long machine = home.machinePid("t1");
        assertThat(home.limactl("delete", "t1").err()).contains("Running");
        assertThat(Home.isAlive(machine)).isTrue();
        home.good("delete", "-f", "t1");
        assertThat(Home.isAlive(machine)).isFalse();
        assertThat(home.path.resolve("t1")).doesNotExist();
        assertThat(home.good("list", "-q").out()).isEmpty();
    }

    @Test
    @Order(50)
    void aStockImageBootsByCloudInit() throws IOException {
        Path image = builtImage();
        Path yaml = home.write("ci.yaml", """
                images:
                - location: "%1$s/disk.qcow2"
                  kernel:
                    location: "%1$s/kernel"
                    cmdline: "root=LABEL=lima-root rw console=ttyS0 tsc=reliable"
                  initrd:
                    location: "%1$s/initrd"
                memory: 1GiB
                mountType: 9p
                mounts:
                - location: "%2$s"
                provision:
                - mode: system
                  script: |
                    #!/bin/sh
                    echo done >/var/tmp/by-system
                """.formatted(image, readOnly));
        Home.Result start = home.goodWithin(BOOT, "start", "--tty=false", yaml.toString());
        assertThat(start.out()).isEmpty();
        assertThat(start.err()).contains("READY");
        assertThat(home.good("shell", "ci", "cat", "/proc/cmdline").out()).doesNotContain("cloud-init=disabled");
        assertThat(home.good("shell", "ci", "cat", "/run/cloud-init/cloud-id")
                        .out()
                        .strip())
                .isEqualTo("nocloud");
        assertThat(home.good("shell", "ci", "cat", "/var/tmp/by-system").out()).isEqualTo("done\n");
        assertThat(home.good("shell", "ci", "cat", readOnly + "/note").out()).isEqualTo("from the host\n");
        assertThat(home.good("shell", "ci", "uname", "-n").out()).isEqualTo("lima-ci\n");
        home.good("delete", "-f", "ci");
    }

    /** Where the image of {@code debian:bookworm} lies, which the first test has used. */
    private Path builtImage() throws IOException {
        Path cache = Path.of(home.environment()
                .getOrDefault("XDG_CACHE_HOME", home.environment().get("HOME") + "/.cache"));
        try (Stream<Path> images = Files.list(cache.resolve("lima/debian"))) {
            return images.filter(i -> Files.exists(i.resolve("disk.qcow2")))
                    .max(Comparator.comparing(
                            i -> i.resolve("disk.qcow2").toFile().lastModified()))
                    .orElseThrow();
        }
    }
}
