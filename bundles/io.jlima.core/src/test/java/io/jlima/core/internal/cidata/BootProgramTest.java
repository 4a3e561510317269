// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.cidata;

import static org.assertj.core.api.Assertions.assertThat;

import io.jlima.api.config.InstanceConfig;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** boot.sh as the guest runs it, in a directory in place of the root. */
class BootProgramTest {
    private static final String NOTE =
            "#!/bin/sh\nprintf '%s\\n' \"$(basename \"$(dirname \"$0\")\")/${0##*/}\" >>$LIMA_ROOT/order\n";

    @TempDir
    Path directory;

    private final Fixture fixture = new Fixture();

    private FakeGuest guest() throws Exception {
        FakeGuest guest = new FakeGuest(directory, fixture);
        guest.withoutModules();
        FakeGuest.executable(guest.volume.resolve("boot.essential.Linux/10-essential.sh"), NOTE);
        FakeGuest.executable(guest.volume.resolve("boot.Linux/20-later.sh"), NOTE);
        FakeGuest.executable(guest.volume.resolve("boot.Linux/10-sooner.sh"), NOTE);
        Files.createDirectories(guest.root.resolve("home/jane.guest"));
        return guest;
    }

    private String instanceId(FakeGuest guest) throws Exception {
        return Files.readAllLines(guest.volume.resolve("lima.env")).stream()
                .filter(line -> line.startsWith("LIMA_CIDATA_IID="))
                .findFirst()
                .orElseThrow()
                .substring("LIMA_CIDATA_IID=".length());
    }

    @Test
    void everyStepRunsInItsOrderAndTheEndIsMarked() throws Exception {
        fixture.provision = List.of(
                Fixture.step(0, "user", "echo user >>$LIMA_ROOT/order"),
                Fixture.step(1, "system", NOTE),
                Fixture.step(2, "system", "echo without-interpreter-line >>$LIMA_ROOT/order"),
                Fixture.file(3, "data", "/opt/x/y.conf", "text\n", true));
        FakeGuest guest = guest();
        guest.write("run/lima-boot-done", "old");
        guest.write("run/lima-boot-failed", "old");
        guest.write("run/lima-reboot-required", "");

        Program.Result result = guest.run("boot.sh");

        assertThat(result.status()).as(result.output()).isZero();
        assertThat(guest.read("order").lines())
                .containsExactly(
                        "boot.essential.Linux/10-essential.sh",
                        "boot.Linux/10-sooner.sh",
                        "boot.Linux/20-later.sh",
                        "provision.system/00000001",
                        "without-interpreter-line",
                        "user");
        assertThat(guest.read("run/lima-boot-done")).isEqualTo(instanceId(guest) + "\n");
        assertThat(guest.exists("run/lima-boot-failed")).isFalse();
        assertThat(guest.read("opt/x/y.conf")).isEqualTo("text\n");
        assertThat(guest.mode("opt/x/y.conf")).isEqualTo("rw-r-----");
        assertThat(guest.calls()).contains("chown jane:users " + guest.root.resolve("opt/x/y.conf"));
        assertThat(guest.calls()).anyMatch(c -> c.startsWith("sudo -i -u jane --preserve-env=XDG_RUNTIME_DIR "));
        assertThat(guest.exists("home/jane.guest/.lima-user-script")).isFalse();
        assertThat(guest.read("var/log/lima-boot.log")).isEqualTo(result.output());
        assertThat(guest.calls()).noneMatch(c -> c.startsWith("systemctl") || c.startsWith("reboot"));
        try (var files = Files.list(guest.root.resolve("run"))) {
            assertThat(files.map(f -> f.getFileName().toString())).containsExactly("lima-boot-done");
        }
    }

    @Test
    void failedStepsAreNamedAndStopNothing() throws Exception {
        fixture.provision = List.of(
                Fixture.step(0, "system", "#!/bin/sh\nexit 7\n"),
                Fixture.step(1, "system", "#!/nowhere/interpreter\n"),
                Fixture.step(2, "user", "exit 1"),
                Fixture.file(3, "yq", "/etc/x.yaml", ".a = 1", true),
                Fixture.step(4, "system", NOTE));
        FakeGuest guest = guest();
        FakeGuest.executable(guest.volume.resolve("boot.Linux/15-fails.sh"), "set -e\nfalse\necho not reached\n");
        // What is tried again here is told if it fails again.
        guest.write("run/lima-early-failed", "guest/user\nboot.Linux/05-lima-mounts.sh\nboot.Linux/15-fails.sh\n");
        guest.write("run/lima-no-filesystem", "9p\n");

        Program.Result result = guest.run("boot.sh");

        assertThat(result.status()).isEqualTo(1);
        assertThat(guest.read("run/lima-boot-failed").lines())
                .containsExactly(
                        "guest/user",
                        "boot.Linux/15-fails.sh",
                        "provision.yq/00000003",
                        "provision.system/00000000",
                        "provision.system/00000001",
                        "provision.user/00000002");
        assertThat(guest.exists("run/lima-no-filesystem")).isFalse();
        assertThat(guest.read("order")).endsWith("provision.system/00000004\n");
        assertThat(guest.read("run/lima-boot-done")).isEqualTo(instanceId(guest) + "\n");
        assertThat(result.output())
                .contains("provision.system/00000000 FAILED: exit status 7", "no yq program")
                .doesNotContain("not reached");
    }

    @Test
    void variablesReachTheStepsUnchanged() throws Exception {
        String awkward = "it's $HOME `id` \"x\" \\ *  end";
        fixture.param = Map.of("a", awkward);
        fixture.env = Map.of(
                "ENV_QUOTED", "\"two words\"", "ENV_HASH", "before # after", "name", "n", "root", "r", "failed", "f");
        fixture.provision = List.of(
                Fixture.step(0, "system", "env >$LIMA_ROOT/system.env"),
                Fixture.step(1, "user", "env >$LIMA_ROOT/user.env"));
        FakeGuest guest = guest();

        assertThat(guest.run("boot.sh").status()).isZero();

        for (String file : List.of("system.env", "user.env")) {
            assertThat(guest.read(file).lines())
                    .contains(
                            "PARAM_a=" + awkward,
                            "ENV_QUOTED=two words",
                            "ENV_HASH=before",
                            "name=n",
                            "root=r",
                            "failed=f",
                            "LIMA_CIDATA_USER=jane",
                            "LIMA_CIDATA_COMMENT=Jane Doe",
                            "LIMA_CIDATA_MNT=" + guest.volume);
        }
        assertThat(guest.read("user.env").lines()).contains("XDG_RUNTIME_DIR=/run/user/1000");
        assertThat(guest.calls())
                .anyMatch(
                        c -> c.contains("--preserve-env=XDG_RUNTIME_DIR,PARAM_a,ENV_HASH,ENV_QUOTED,failed,name,root"));
    }

    @Test
    void plainModeLeavesTheModulesOutButNotTheSteps() throws Exception {
        fixture.plain = true;
        fixture.provision = List.of(Fixture.step(0, "system", NOTE));
        FakeGuest guest = guest();

        assertThat(guest.run("boot.sh").status()).isZero();
        assertThat(guest.read("order").lines())
                .containsExactly("boot.essential.Linux/10-essential.sh", "provision.system/00000000");
    }

    @Test
    void dataThatMayNotBeOverwrittenStays() throws Exception {
        fixture.provision = List.of(
                Fixture.file(0, "data", "/etc/kept", "new", false),
                Fixture.file(1, "data", "/etc/replaced", "new", true),
                Fixture.file(2, "data", "/etc/made with blank", "new", false));
        FakeGuest guest = guest();
        guest.write("etc/kept", "old");
        guest.write("etc/replaced", "old");

        assertThat(guest.run("boot.sh").status()).isZero();

        assertThat(guest.read("etc/kept")).isEqualTo("old");
        assertThat(guest.read("etc/replaced")).isEqualTo("new");
        assertThat(guest.read("etc/made with blank")).isEqualTo("new");
    }

    @Test
    void yamlIsEditedWithTheYqOfTheGuest() throws Exception {
        fixture.provision = List.of(
                Fixture.file(0, "yq", "/etc/new.json", ".a = 1", true),
                Fixture.file(1, "yq", "/etc/old.conf", ".b = \"x y\"", true));
        FakeGuest guest = guest();
        guest.write("etc/old.conf", "b: 1\n");
        guest.program("yq", """
                if [ "$1" = --version ]; then echo 'yq (https://github.com/mikefarah/yq/) version v4'; exit; fi
                printf '%s|' "$@"
                """);

        Program.Result result = guest.run("boot.sh");

        assertThat(result.status()).as(result.output()).isZero();
        assertThat(guest.read("etc/new.json")).isEqualTo("-n|-o|json|.a = 1|");
        assertThat(guest.read("etc/old.conf"))
                .isEqualTo("-p|yaml|-o|yaml|.b = \"x y\"|" + guest.root.resolve("etc/old.conf") + "|");
    }

    @Test
    void aRestartThatAStepAsksForIsDoneInsteadOfTheMark() throws Exception {
        fixture.provision = List.of(Fixture.step(0, "system", ": >$LIMA_REBOOT_REQUIRED"));
        FakeGuest guest = guest();

        assertThat(guest.run("boot.sh").status()).isZero();

        assertThat(guest.exists("run/lima-boot-done")).isFalse();
        assertThat(guest.calls()).contains("reboot ");
    }

    @Test
    void systemdIsAskedForNetworkAndSessionRatherThanPolled() throws Exception {
        fixture.provision = List.of(Fixture.step(0, "system", NOTE), Fixture.step(1, "user", "true"));
        FakeGuest guest = guest();
        Files.createDirectories(guest.root.resolve("run/systemd/system"));

        assertThat(guest.run("boot.sh").status()).isZero();

        assertThat(guest.calls())
                .contains("systemctl start network-online.target", "systemctl start user@1000.service");
    }

    @Test
    void aPasswordIsMadeOnceWhereSudoAsksForOne() throws Exception {
        fixture.user = new InstanceConfig.User("jane", "", 1000, "/home/jane.guest", "/bin/bash", false);
        FakeGuest guest = guest();
        guest.program("chpasswd", "cat >>$LIMA_ROOT/chpasswd");

        assertThat(guest.run("boot.sh").status()).isZero();

        String password = guest.read("home/jane.guest/password").strip();
        assertThat(password).matches("[0-9a-f]{16}");
        assertThat(guest.mode("home/jane.guest/password")).isEqualTo("rw-------");
        assertThat(guest.read("chpasswd")).isEqualTo("jane:" + password + "\n");

        assertThat(guest.run("boot.sh").status()).isZero();
        assertThat(guest.read("chpasswd")).isEqualTo("jane:" + password + "\n");
    }

    @Test
    void aProgramLeftInTheBackgroundHoldsNothingUp() throws Exception {
        fixture.provision = List.of(Fixture.step(
                0, "system", "sh -c 'while [ -d $LIMA_ROOT ] && ! [ -e $LIMA_ROOT/stop ]; do sleep 0.05; done' &"));
        FakeGuest guest = guest();
        Process boot = guest.start("boot.sh", directory.resolve("output"));
        try {
            assertThat(boot.waitFor(60, TimeUnit.SECONDS)).isTrue();
            assertThat(boot.exitValue()).isZero();
        } finally {
            guest.write("stop", "");
            boot.destroyForcibly();
        }
    }
}
