// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.cidata;

import static org.assertj.core.api.Assertions.assertThat;

import io.jlima.api.config.InstanceConfig;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Single modules of boot.sh, in a directory in place of the root. */
class BootModulesTest {
    @TempDir
    Path directory;

    private final Fixture fixture = new Fixture();

    private FakeGuest guest() throws Exception {
        return new FakeGuest(directory, fixture);
    }

    @Test
    void namesInHostsAreReplacedAndNotRepeated() throws Exception {
        FakeGuest guest = guest();
        guest.write(
                "etc/hosts",
                "127.0.0.1 localhost # host.lima.internal\n10.0.0.1 host.lima.internal\n127.0.1.1 x lima-default\n");

        for (int boot = 0; boot < 2; boot++) {
            assertThat(guest.module("boot.Linux/06-etc-hosts.sh").status()).isZero();
            assertThat(guest.read("etc/hosts"))
                    .isEqualTo("127.0.0.1 localhost # host.lima.internal\n127.0.1.1 x lima-default\n"
                            + "192.168.5.2\thost.lima.internal\n");
        }
    }

    @Test
    void theMarkedBlockOfTheEnvironmentIsReplaced() throws Exception {
        fixture.env = Map.of("NEW", "1");
        FakeGuest guest = guest();
        guest.write("etc/environment", "PATH=/bin\n#LIMA-START\nOLD=1\n#LIMA-END\nAFTER=1");
        Files.createDirectories(guest.root.resolve("run/user/1000"));
        Files.createDirectories(guest.root.resolve("run/systemd/system"));

        for (int boot = 0; boot < 2; boot++) {
            assertThat(guest.module("boot.Linux/07-etc-environment.sh").status())
                    .isZero();
            assertThat(guest.read("etc/environment")).isEqualTo("PATH=/bin\nAFTER=1\n#LIMA-START\nNEW=1\n#LIMA-END\n");
        }

        // Sessions end once, because the second boot found nothing to change.
        assertThat(guest.calls()).containsExactly("loginctl terminate-user jane");
        assertThat(guest.read("run/lima-ssh-ready")).startsWith("iid-");
    }

    @Test
    void noVariablesMakeNoBlock() throws Exception {
        FakeGuest guest = guest();
        guest.write("etc/environment", "PATH=/bin\n");
        Files.createDirectories(guest.root.resolve("run/user/1000"));
        Files.createDirectories(guest.root.resolve("run/systemd/system"));

        assertThat(guest.module("boot.Linux/07-etc-environment.sh").status()).isZero();

        assertThat(guest.read("etc/environment")).isEqualTo("PATH=/bin\n");
        assertThat(guest.calls()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"/home/jane.guest, home/jane.linux", "/home/jane.linux, home/jane.guest"})
    void theHomeHasItsOtherName(String home, String other) throws Exception {
        fixture.user = new InstanceConfig.User("jane", "", 1000, home, "/bin/bash", true);
        FakeGuest guest = guest();
        Files.createDirectories(guest.root.resolve(home.substring(1)));

        for (int boot = 0; boot < 2; boot++) {
            assertThat(guest.module("boot.Linux/05-guest-home.sh").status()).isZero();
        }

        assertThat(guest.root.resolve(other).toRealPath())
                .isEqualTo(guest.root.resolve(home.substring(1)).toRealPath());
    }

    @Test
    void loginsDoNotLookForTheLocaleEachTime() throws Exception {
        FakeGuest guest = guest();
        Path home = Files.createDirectories(guest.root.resolve("home/jane.guest"));
        Path mark = home.resolve(".cloud-locale-test.skip");
        assertThat(guest.module("boot.Linux/08-locale-check.sh").status()).isZero();
        assertThat(mark).as("a guest without that check").doesNotExist();

        guest.write("etc/profile.d/Z99-cloud-locale-test.sh", "");
        for (int boot = 0; boot < 2; boot++) {
            assertThat(guest.module("boot.Linux/08-locale-check.sh").status()).isZero();
        }
        assertThat(mark).isEmptyFile();
        assertThat(guest.calls()).containsExactly("chown -h jane: " + mark);

        Files.delete(mark);
        Files.createSymbolicLink(mark, home.resolve("elsewhere"));
        assertThat(guest.module("boot.Linux/08-locale-check.sh").status()).isZero();
        assertThat(home.resolve("elsewhere")).doesNotExist();
    }

    @Test
    void theUserOwnsTheMountPointsOfSshfsWhoeverMadeThem() throws Exception {
        fixture.mounts = List.of(
                Fixture.mount("/a", "/srv/new/a"),
                Fixture.mount("/b", "/srv"),
                Fixture.mount("/root", "/root"),
                Fixture.mount("/c", "/home/jane.guest/x/c"));
        FakeGuest guest = guest();
        Path home = Files.createDirectories(guest.root.resolve("root"));
        Files.setPosixFilePermissions(home, PosixFilePermissions.fromString("rwx------"));
        Files.createDirectories(guest.root.resolve("srv"));
        Files.createDirectories(guest.root.resolve("home/jane.guest"));

        assertThat(guest.module("boot.Linux/25-sshfs-mount-points.sh").status()).isZero();

        assertThat(guest.calls())
                .filteredOn(call -> call.startsWith("chown"))
                .containsExactly(
                        "chown jane: " + guest.root.resolve("srv/new/a"),
                        "chown jane: " + guest.root.resolve("srv"),
                        "chown jane: " + guest.root.resolve("root"),
                        "chown jane: " + guest.root.resolve("home/jane.guest/x"),
                        "chown jane: " + guest.root.resolve("home/jane.guest/x/c"),
                        "chown jane: " + guest.root.resolve("home/jane.guest/x/c"));
        assertThat(guest.root.resolve("srv/new/a")).isDirectory();
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(home)))
                .isEqualTo("rwx------");
    }

    @Test
    void theUserMayPassTheHomeOfRootToAMountPointInIt() throws Exception {
        fixture.mounts = List.of(Fixture.mount("/root/project", "/root/project"));
        FakeGuest guest = guest();
        Path home = Files.createDirectories(guest.root.resolve("root"));
        Files.setPosixFilePermissions(home, PosixFilePermissions.fromString("rwx------"));

        assertThat(guest.module("boot.Linux/25-sshfs-mount-points.sh").status()).isZero();

        assertThat(guest.root.resolve("root/project")).isDirectory();
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(home)))
                .isEqualTo("rwx-----x");

        guest.forgetCalls();
        guest.program("mountpoint", "exit 0");
        assertThat(guest.module("boot.Linux/25-sshfs-mount-points.sh").status()).isZero();
        assertThat(guest.calls())
                .as("what is mounted already keeps its owner")
                .noneMatch(call -> call.startsWith("chown"));
    }

    @Test
    void nothingMissingMeansNoPackageManagerAndNoNetwork() throws Exception {
        fixture.mounts = List.of(Fixture.mount("/a", "/a"));
        FakeGuest guest = guest();
        guest.program("sshfs", "");
        guest.program("rsync", "");
        Files.createDirectories(guest.root.resolve("run/systemd/system"));

        assertThat(guest.module("boot.Linux/30-install-packages.sh").status()).isZero();

        assertThat(guest.calls()).isEmpty();
    }

    @Test
    void whatIsMissingIsInstalledByItsNameInTheDistribution() throws Exception {
        fixture.mounts = List.of(Fixture.mount("/a", "/a"));
        fixture.containerd = true;
        FakeGuest guest = guest();

        assertThat(guest.module("boot.Linux/30-install-packages.sh").status()).isZero();
        assertThat(guest.calls())
                .containsExactly(
                        "apt-get -q update",
                        "apt-get -q -y --no-upgrade --no-install-recommends install"
                                + " sshfs iptables uidmap fuse3 dbus-user-session rsync");

        guest.forgetCalls();
        guest.without("apt-get");
        assertThat(guest.module("boot.Linux/30-install-packages.sh").status()).isZero();
        assertThat(guest.calls())
                .containsExactly("dnf -y install fuse-sshfs iptables shadow-utils fuse3 dbus-daemon rsync");
    }

    @ParameterizedTest
    @CsvSource({"true, 1", "false, 0"})
    void onlyTheLackOfWhatIsNeededIsAFailure(boolean mounts, int status) throws Exception {
        fixture.mounts = mounts ? List.of(Fixture.mount("/a", "/a")) : List.of();
        FakeGuest guest = guest();
        guest.program("apt-get", "exit 100");

        assertThat(guest.module("boot.Linux/30-install-packages.sh").status()).isEqualTo(status);
    }

    @Test
    void dependencyStepsComeFirstAndMayReplaceTheRest() throws Exception {
        fixture.mounts = List.of(Fixture.mount("/a", "/a"));
        fixture.provision = List.of(
                Fixture.step(0, "dependency", "#!/bin/sh\nexit 3\n"),
                new InstanceConfig.Provision(
                        1, "dependency", "#!/bin/sh\n>$LIMA_ROOT/ran\n", true, null, true, "", "", ""));
        FakeGuest guest = guest();

        assertThat(guest.module("boot.Linux/30-install-packages.sh").status()).isZero();

        assertThat(guest.exists("ran")).isTrue();
        assertThat(guest.calls()).isEmpty();
        assertThat(guest.read("run/lima-boot-failed")).isEqualTo("provision.dependency/00000000\n");
    }

    @Test
    void aMissingSshfsIsSaidAndNotCalledReady() throws Exception {
        fixture.mounts = List.of(Fixture.mount("/a", "/a"));
        FakeGuest guest = guest();

        assertThat(guest.module("boot.Linux/35-setup-packages.sh").status()).isEqualTo(1);
        assertThat(guest.exists("run/lima-fuse-ready")).isFalse();
    }

    @ParameterizedTest
    @CsvSource({"true, Y, true", "false, Y, true", "true, N, false", "true, , false"})
    void fusermountMayMountAnywhereAndWhatOthersAllowedStays(boolean mounts, String enabled, boolean loaded)
            throws Exception {
        fixture.mounts = mounts ? List.of(Fixture.mount("/a", "/a")) : List.of();
        FakeGuest guest = guest();
        guest.program("sshfs", "");
        guest.program("apparmor_parser", "");
        guest.write("etc/apparmor.d/fusermount3", "");
        guest.write("etc/apparmor.d/local/fusermount3", "# mine");
        if (enabled != null) {
            guest.write("sys/module/apparmor/parameters/enabled", enabled + "\n");
        }

        for (int boot = 0; boot < 2; boot++) {
            assertThat(guest.module("boot.Linux/35-setup-packages.sh").status()).isZero();
        }

        assertThat(guest.read("etc/apparmor.d/local/fusermount3"))
                .startsWith("# mine\nmount fstype=")
                .endsWith(" -> /**/,\numount /**/,\n")
                .containsOnlyOnce("umount");
        assertThat(guest.calls())
                .filteredOn(call -> call.startsWith("apparmor_parser -r "))
                .hasSize(loaded ? 1 : 0);
        assertThat(guest.exists("run/lima-fuse-ready")).isTrue();
    }

    @ParameterizedTest
    @CsvSource({"true, 1", "false, 0"})
    void aProfileThatCannotBeLoadedIsAFailureOnlyWhereSomethingIsMounted(boolean mounts, int status) throws Exception {
        fixture.mounts = mounts ? List.of(Fixture.mount("/a", "/a")) : List.of();
        FakeGuest guest = guest();
        guest.program("sshfs", "");
        guest.program("apparmor_parser", "exit 1");
        guest.write("etc/apparmor.d/fusermount3", "");
        guest.write("sys/module/apparmor/parameters/enabled", "Y\n");

        assertThat(guest.module("boot.Linux/35-setup-packages.sh").status()).isEqualTo(status);
        assertThat(guest.exists("run/lima-fuse-ready")).isEqualTo(!mounts);
    }

    @Test
    void theBaseForRootlessContainersIsLaidOnce() throws Exception {
        FakeGuest guest = guest();
        Files.createDirectories(guest.root.resolve("run/systemd/system"));
        guest.write("home/jane.guest/.bashrc", "alias x=y\n");
        guest.write("etc/subuid", "root:1:1\njane:100000:65536\n");
        guest.write("proc/sys/net/ipv4/ping_group_range", "");
        guest.write("proc/sys/net/ipv4/ip_unprivileged_port_start", "");
        guest.program(
                "loginctl", "mkdir -p $LIMA_ROOT/var/lib/systemd/linger; : >$LIMA_ROOT/var/lib/systemd/linger/$2");

        assertThat(guest.module("boot.Linux/20-rootless-base.sh").status()).isZero();

        assertThat(guest.read("home/jane.guest/.bashrc"))
                .startsWith("# Lima BEGIN\n")
                .endsWith("# Lima END\nalias x=y\n");
        assertThat(guest.read("etc/subuid")).isEqualTo("root:1:1\njane:524288:1073741824\n");
        assertThat(guest.read("etc/subgid")).isEqualTo("jane:524288:1073741824\n");
        assertThat(guest.read("proc/sys/net/ipv4/ip_unprivileged_port_start")).isEqualTo("0\n");
        assertThat(guest.read("proc/sys/net/ipv4/ping_group_range")).isEqualTo("0 2147483647\n");
        assertThat(guest.calls()).contains("systemctl daemon-reload", "loginctl enable-linger jane");

        guest.forgetCalls();
        assertThat(guest.module("boot.Linux/20-rootless-base.sh").status()).isZero();
        assertThat(guest.calls()).isEmpty();
        assertThat(guest.read("etc/subuid")).isEqualTo("root:1:1\njane:524288:1073741824\n");
    }

    @Test
    void theRootGrowsOnlyWhenItsDiskHas() throws Exception {
        FakeGuest guest = guest();
        guest.program("mountpoint", "echo 254:0");
        guest.write("proc/cmdline", "root=/dev/vda cloud-init=disabled quiet\n");
        guest.write("proc/mounts", "/dev/root / ext4 rw 0 0\nproc /proc proc rw 0 0\n");
        guest.write("sys/dev/block/254:0/size", "2048\n");
        guest.write("sys/dev/block/254:0/uevent", "MAJOR=254\nDEVNAME=vda\n");

        for (int boot = 0; boot < 2; boot++) {
            assertThat(guest.module("boot.essential.Linux/20-grow-root.sh").status())
                    .isZero();
        }
        assertThat(guest.calls().stream().filter(c -> c.startsWith("resize2fs")))
                .containsExactly("resize2fs /dev/vda");

        guest.write("sys/dev/block/254:0/size", "4096\n");
        guest.module("boot.essential.Linux/20-grow-root.sh");
        assertThat(guest.calls().stream().filter(c -> c.startsWith("resize2fs")))
                .hasSize(2);

        guest.write("proc/cmdline", "root=/dev/vda quiet\n");
        guest.write("sys/dev/block/254:0/size", "8192\n");
        guest.module("boot.essential.Linux/20-grow-root.sh");
        assertThat(guest.calls().stream().filter(c -> c.startsWith("resize2fs")))
                .hasSize(2);
    }

    @Test
    void aForeignHostKeyGivesWayAndSshdIsToldOnce() throws Exception {
        FakeGuest guest = guest();
        Files.createDirectories(guest.root.resolve("run/systemd/system"));
        guest.write("etc/ssh/ssh_host_rsa_key", "foreign");

        for (int boot = 0; boot < 2; boot++) {
            assertThat(guest.module("boot.essential.Linux/12-ssh-host-key.sh").status())
                    .isZero();
        }

        assertThat(guest.read("etc/ssh/ssh_host_ed25519_key")).isEqualTo(Fixture.PRIVATE_KEY);
        assertThat(guest.exists("etc/ssh/ssh_host_rsa_key")).isFalse();
        assertThat(guest.calls()).containsExactly("systemctl try-restart ssh.service sshd.service");
    }
}
