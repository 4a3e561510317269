// SPDX-License-Identifier: Apache-2.0
package io.jlima.itests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
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

/**
 * Real guests, from a template to a shell and to their end. A boot takes half a minute where the processor is emulated,
 * so the tests are steps of one story: {@code t1} is the shipped template, {@code t2} has everything that this class
 * wants to see in a guest, {@code ci} boots as a stock image does. What is done in a shell, and how guests end, stands in
 * {@link GuestShells} and {@link GuestEnds}, whose tests belong to the same story by their numbers.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class GuestIT implements GuestShells, GuestEnds {
    /** Seconds; a guest that is not up by then, on a machine that has other things to do too, never will be. */
    static final long BOOT = 540;

    private final Home home = Home.create();
    private final Path shared = SharedDirectory.make("jlshared");
    private final Path readOnly = shared.resolve("look at, not touch");
    private final Path writable = shared.resolve("rw");

    @Override
    public Home home() {
        return home;
    }

    @Override
    public Path readOnly() {
        return readOnly;
    }

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
    void leaveNothing() {
        home.close();
        SharedDirectory.remove(shared);
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
