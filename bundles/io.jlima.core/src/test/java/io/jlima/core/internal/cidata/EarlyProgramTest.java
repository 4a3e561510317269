// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.cidata;

import static org.assertj.core.api.Assertions.assertThat;

import io.jlima.api.config.InstanceConfig;
import io.jlima.api.config.InstanceConfig.CaCerts;
import io.jlima.api.mount.MountDriver.FstabEntry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** guest/early.sh and guest/late.sh, in a directory in place of the root. */
class EarlyProgramTest {
    private static final String USERADD = """
            for last; do :; done
            while [ $# -gt 1 ]; do
              case $1 in
              --home-dir) home=$2 ;;
              --uid) uid=$2 ;;
              --shell) shell=$2 ;;
              --comment) comment=$2 ;;
              esac
              shift
            done
            echo "$last:x:$uid:$uid:$comment:$home:$shell" >>$LIMA_ROOT/etc/passwd
            mkdir -p "$LIMA_ROOT$home"
            """;

    @TempDir
    Path directory;

    private final Fixture fixture = new Fixture();

    private FakeGuest guest() throws Exception {
        fixture.image = "debian:bookworm";
        FakeGuest guest = new FakeGuest(directory, fixture);
        guest.program("useradd", USERADD);
        guest.write("etc/passwd", "root:x:0:0:root:/root:/bin/bash\n");
        guest.write("etc/group", "root:x:0:\n");
        guest.write("etc/hostname", "image\n");
        guest.write("etc/hosts", "127.0.0.1\tlocalhost\n");
        guest.write("etc/environment", "");
        guest.write("etc/ssh/sshd_config", "Include /etc/ssh/sshd_config.d/*.conf\n");
        guest.write("etc/ssh/ssh_host_rsa_key", "of the image");
        guest.write("etc/ssh/ssh_host_ed25519_key", "of the image");
        guest.write("proc/sys/kernel/hostname", "image");
        guest.write("bin/bash", "");
        assertThat(guest.root.resolve("bin/bash").toFile().setExecutable(true)).isTrue();
        guest.write("usr/share/zoneinfo/Europe/Berlin", "");
        return guest;
    }

    @Test
    void everythingIsThereWhenSshdStarts() throws Exception {
        fixture.timezone = "Europe/Berlin";
        fixture.env = Map.of("GREETING", "hello world");
        fixture.mounts = List.of(Fixture.mount("/home/jane", "/mnt/host home"));
        FakeGuest guest = guest();
        guest.program("sshfs", "");

        Program.Result result = guest.run("guest/early.sh");

        assertThat(result.status()).as(result.output()).isZero();
        assertThat(guest.exists("run/lima-early-failed")).isFalse();
        assertThat(guest.read("etc/hostname")).isEqualTo("lima-default\n");
        assertThat(guest.read("proc/sys/kernel/hostname")).isEqualTo("lima-default\n");
        assertThat(guest.read("etc/hosts"))
                .isEqualTo("127.0.0.1\tlocalhost\n192.168.5.2\thost.lima.internal\n127.0.1.1\tlima-default\n");
        assertThat(guest.read("etc/passwd")).endsWith("jane:x:1000:1000:Jane Doe:/home/jane.guest:/bin/bash\n");
        assertThat(guest.read("etc/sudoers.d/90-lima-user")).isEqualTo("jane ALL=(ALL) NOPASSWD:ALL\n");
        assertThat(guest.mode("etc/sudoers.d/90-lima-user")).isEqualTo("r--r-----");
        assertThat(guest.read("home/jane.guest/.ssh/authorized_keys")).isEqualTo("ssh-ed25519 AAAAC3Nz jane@host\n");
        assertThat(guest.mode("home/jane.guest/.ssh")).isEqualTo("rwx------");
        assertThat(guest.mode("home/jane.guest/.ssh/authorized_keys")).isEqualTo("rw-------");
        assertThat(guest.read("etc/ssh/ssh_host_ed25519_key")).isEqualTo(Fixture.PRIVATE_KEY);
        assertThat(guest.mode("etc/ssh/ssh_host_ed25519_key")).isEqualTo("rw-------");
        assertThat(guest.read("etc/ssh/ssh_host_ed25519_key.pub")).isEqualTo("ssh-ed25519 AAAAC3Host lima-default\n");
        assertThat(guest.exists("etc/ssh/ssh_host_rsa_key")).isFalse();
        assertThat(guest.read("etc/ssh/sshd_config.d/99-lima-colorterm.conf")).isEqualTo("AcceptEnv COLORTERM\n");
        assertThat(guest.read("etc/environment")).isEqualTo("#LIMA-START\nGREETING=hello world\n#LIMA-END\n");
        assertThat(Files.readSymbolicLink(guest.root.resolve("etc/localtime")))
                .hasToString("/usr/share/zoneinfo/Europe/Berlin");
        assertThat(guest.read("etc/resolv.conf")).isEqualTo("nameserver 192.168.5.3\n");
        assertThat(guest.read("etc/fuse.conf")).isEqualTo("user_allow_other\n");
        assertThat(guest.root.resolve("mnt/host home")).isDirectory();
        assertThat(guest.calls()).contains("chown jane: " + guest.root.resolve("mnt/host home"));
        assertThat(guest.read("run/lima-ssh-ready"))
                .matches("iid-[0-9a-f]{16}\n")
                .isEqualTo(guest.read("run/lima-fuse-ready"));
        assertThat(guest.calls()).noneMatch(c -> c.startsWith("systemctl") || c.startsWith("loginctl"));
    }

    @Test
    void theSecondBootChangesNothing() throws Exception {
        FakeGuest guest = guest();
        guest.run("guest/early.sh");
        guest.write(
                "home/jane.guest/.ssh/authorized_keys",
                guest.read("home/jane.guest/.ssh/authorized_keys") + "ssh-rsa AAAA mine\n");
        Map<String, String> before = files(guest);
        guest.forgetCalls();

        runWell(guest);

        assertThat(files(guest)).isEqualTo(before);
        assertThat(guest.calls()).isEmpty();
    }

    @Test
    void interfacesAreDescribedForNetworkd() throws Exception {
        fixture.dns = List.of("1.1.1.1", "9.9.9.9");
        fixture.nics = List.of(
                new CidataRequest.Nic("eth0", "52:55:55:AA:BB:01", 200, true),
                new CidataRequest.Nic("lima1", "52:55:55:aa:bb:02", 100, false));
        FakeGuest guest = guest();

        runWell(guest);

        assertThat(guest.read("run/systemd/network/10-lima-eth0.link"))
                .isEqualTo("[Match]\nMACAddress=52:55:55:aa:bb:01\n\n[Link]\nName=eth0\n");
        assertThat(guest.read("run/systemd/network/10-lima-eth0.network")).isEqualTo("""
                        [Match]
                        MACAddress=52:55:55:aa:bb:01

                        [Network]
                        DHCP=ipv4
                        LinkLocalAddressing=ipv6
                        DNS=1.1.1.1
                        DNS=9.9.9.9

                        [DHCPv4]
                        ClientIdentifier=mac
                        RouteMetric=200
                        """);
        assertThat(guest.read("run/systemd/network/10-lima-lima1.network")).isEqualTo("""
                        [Match]
                        MACAddress=52:55:55:aa:bb:02

                        [Link]
                        RequiredForOnline=no

                        [Network]
                        DHCP=ipv4
                        LinkLocalAddressing=ipv6

                        [DHCPv4]
                        ClientIdentifier=mac
                        RouteMetric=100
                        """);
    }

    @Test
    void interfacesWithEachOthersNamesAreSwapped() throws Exception {
        fixture.nics = List.of(
                new CidataRequest.Nic("eth0", "52:55:55:aa:bb:01", 200, true),
                new CidataRequest.Nic("eth1", "52:55:55:aa:bb:02", 100, false));
        FakeGuest guest = guest();
        for (String[] link : new String[][] {{"eth0", "52:55:55:aa:bb:02"}, {"eth1", "52:55:55:aa:bb:01"}}) {
            guest.write("sys/class/net/" + link[0] + "/address", link[1] + "\n");
            guest.write("sys/class/net/" + link[0] + "/device/vendor", "");
        }
        // A bridge has the address of its member and is not meant.
        guest.write("sys/class/net/br0/address", "52:55:55:aa:bb:01\n");
        guest.program("ip", "[ \"$5\" != name ] || mv \"$LIMA_ROOT/sys/class/net/$4\" \"$LIMA_ROOT/sys/class/net/$6\"");

        runWell(guest);

        assertThat(guest.read("sys/class/net/eth0/address")).isEqualTo("52:55:55:aa:bb:01\n");
        assertThat(guest.read("sys/class/net/eth1/address")).isEqualTo("52:55:55:aa:bb:02\n");
    }

    @Test
    void resolvedIsUsedWhereItIsEnabled() throws Exception {
        FakeGuest guest = guest();
        Path wants = Files.createDirectories(guest.root.resolve("etc/systemd/system/sysinit.target.wants"));
        Files.createSymbolicLink(
                wants.resolve("systemd-resolved.service"), Path.of("/lib/systemd/system/systemd-resolved.service"));

        runWell(guest);

        assertThat(Files.readSymbolicLink(guest.root.resolve("etc/resolv.conf")))
                .hasToString("../run/systemd/resolve/stub-resolv.conf");
    }

    @Test
    void hostDirectoriesAreMountedOnPointsOfTheRightOwner() throws Exception {
        fixture.mountType = "9p";
        fixture.fstab = List.of(
                new FstabEntry("mount0", "/home/jane.guest/a/my code#1\\x", "9p", "rw,trans=virtio"),
                new FstabEntry("mount1", "/srv/other", "virtiofs", ""));
        FakeGuest guest = guest();
        guest.program("mount", "case $4 in virtiofs) exit 1 ;; esac; case \"$*\" in *mount1*) exit 32 ;; esac");

        Program.Result result = guest.run("guest/early.sh");

        assertThat(result.status()).isZero();
        assertThat(guest.read("run/lima-early-failed")).isEqualTo("boot.Linux/05-lima-mounts.sh\n");
        assertThat(result.output())
                .contains("the host's directory for /srv/other (virtiofs, mount1) could not be mounted");
        assertThat(guest.calls())
                .contains(
                        "mount -t 9p -o rw,trans=virtio -- mount0 "
                                + guest.root.resolve("home/jane.guest/a/my code#1\\x"),
                        "chown jane: " + guest.root.resolve("home/jane.guest/a"),
                        "chown jane: " + guest.root.resolve("home/jane.guest/a/my code#1\\x"))
                .doesNotContain("chown jane: " + guest.root.resolve("srv/other"));
        assertThat(guest.root.resolve("srv/other")).isDirectory();
        assertThat(guest.read("run/lima-no-filesystem")).isEqualTo("virtiofs\n");
        // The rest went on.
        assertThat(guest.exists("run/lima-ssh-ready")).isTrue();
    }

    /** It was taken away while the guest ran before, or the host says what is missing. */
    @Test
    void aDirectoryByVirtiofsThatIsNotThereIsNoFailure() throws Exception {
        fixture.mountType = "virtiofs";
        fixture.fstab = List.of(new FstabEntry("mount1", "/srv/other", "virtiofs", ""));
        FakeGuest guest = guest();
        guest.write("proc/filesystems", "nodev\tproc\nnodev\tvirtiofs\n");
        guest.program("mount", "case \"$*\" in *mount1*) exit 32 ;; esac");

        Program.Result result = guest.run("guest/early.sh");

        assertThat(result.status()).isZero();
        assertThat(result.output()).contains("/srv/other (virtiofs, mount1) could not be mounted");
        assertThat(guest.exists("run/lima-no-filesystem")).isFalse();
        assertThat(guest.exists("run/lima-early-failed")).isFalse();
    }

    @Test
    void anAccountOfTheImageIsChangedToOurs() throws Exception {
        FakeGuest guest = guest();
        guest.write("etc/passwd", "root:x:0:0::/root:/bin/sh\njane:x:900:900::/home/jane:/bin/sh\n");
        Files.createDirectories(guest.root.resolve("home/jane"));

        guest.run("guest/early.sh");

        assertThat(guest.calls())
                .contains("usermod --home /home/jane.guest --non-unique --uid 1000 --shell /bin/bash jane")
                .noneMatch(c -> c.startsWith("useradd"));
    }

    @Test
    void aMissingShellAndAnExistingGroupAreNoObstacle() throws Exception {
        fixture.user = new InstanceConfig.User("jane", "", 1000, "/home/jane.guest", "/bin/zsh", false);
        FakeGuest guest = guest();
        guest.write("etc/group", "jane:x:77:\n");

        assertThat(guest.run("guest/early.sh").output()).contains("/bin/zsh is not in this guest");

        assertThat(guest.calls())
                .contains("useradd --gid jane --create-home --home-dir /home/jane.guest --non-unique --uid 1000"
                        + " --shell /bin/sh --comment  jane");
        assertThat(guest.read("etc/sudoers.d/90-lima-user")).isEqualTo("jane ALL=(ALL) ALL\n");
    }

    @Test
    void theUserIsMadeThoughSomebodyElseHasTheAccountFiles() throws Exception {
        FakeGuest guest = guest();
        guest.program("useradd", """
                if [ ! -e $LIMA_ROOT/run/tried ]; then
                    : >$LIMA_ROOT/run/tried
                    echo "useradd: cannot lock /etc/passwd; try again later." >&2
                    exit 1
                fi
                """ + USERADD);

        assertThat(guest.run("guest/early.sh").output())
                .contains("cannot lock /etc/passwd", "useradd has made no jane at attempt 1");

        assertThat(guest.read("etc/passwd")).contains("\njane:x:1000:");
        assertThat(guest.root.resolve("run/lima-early-failed")).doesNotExist();
    }

    @Test
    void linksInTheHomeAreNotFollowed() throws Exception {
        FakeGuest guest = guest();
        guest.write("etc/passwd", "jane:x:1000:1000::/home/jane.guest:/bin/bash\n");
        guest.write("home/jane.guest/.ssh/other", "");
        guest.write("etc/shadow", "secret\n");
        Files.createSymbolicLink(
                guest.root.resolve("home/jane.guest/.ssh/authorized_keys"), guest.root.resolve("etc/shadow"));

        assertThat(guest.run("guest/early.sh").status()).isZero();

        assertThat(guest.read("etc/shadow")).isEqualTo("secret\n");
        assertThat(guest.read("run/lima-early-failed")).isEqualTo("guest/authorized_keys\n");
    }

    @Test
    void bootStepsRunWithTheirParameters() throws Exception {
        fixture.param = Map.of("a", "it's $x");
        fixture.provision = List.of(
                Fixture.step(0, "boot", "echo \"$PARAM_a\" >$LIMA_ROOT/out"), Fixture.step(1, "boot", "exit 3"));
        FakeGuest guest = guest();

        assertThat(guest.run("guest/early.sh").status()).isZero();

        assertThat(guest.read("out")).isEqualTo("it's $x\n");
        assertThat(guest.read("run/lima-early-failed")).isEqualTo("provision.boot/00000001\n");
    }

    @Test
    void plainModeSetsUpNoMoreThanAccessAndNetwork() throws Exception {
        fixture.plain = true;
        FakeGuest guest = guest();

        runWell(guest);

        assertThat(guest.exists("run/lima-ssh-ready")).isFalse();
        assertThat(guest.read("etc/environment")).isEmpty();
        assertThat(guest.exists("home/jane.guest/.ssh/authorized_keys")).isTrue();
        assertThat(guest.exists("run/systemd/network/10-lima-eth0.network")).isTrue();
    }

    @Test
    void lateSetUpInstallsCertificatesUpgradesAndGoesOnToBoot() throws Exception {
        fixture.upgrade = true;
        fixture.caCerts = new CaCerts(true, List.of(), List.of("PEM\n"));
        FakeGuest guest = guest();
        guest.withoutModules();
        guest.write("etc/ca-certificates.conf", "# comment\nmozilla/a.crt\n!mozilla/b.crt\n");
        guest.program("apt-get", "[ \"$1\" = update ]");

        Program.Result result = guest.run("guest/late.sh");

        assertThat(guest.read("usr/local/share/ca-certificates/lima/lima-000.crt"))
                .isEqualTo("PEM\n");
        assertThat(guest.read("etc/ca-certificates.conf")).isEqualTo("# comment\n!mozilla/a.crt\n!mozilla/b.crt\n");
        assertThat(guest.calls())
                .contains("update-ca-certificates --fresh", "apt-get update")
                .anyMatch(c -> c.endsWith(" upgrade"));
        assertThat(guest.read("run/lima-boot-failed")).isEqualTo("guest/upgrade\n");
        assertThat(guest.exists("run/lima-boot-done")).isTrue();
        assertThat(result.status()).isEqualTo(1);

        guest.forgetCalls();
        guest.run("guest/late.sh");
        assertThat(guest.calls()).doesNotContain("update-ca-certificates --fresh");
    }

    /** It always ends well, whatever has failed: the rest of the set-up is to come. */
    private static void runWell(FakeGuest guest) throws Exception {
        Program.Result result = guest.run("guest/early.sh");
        assertThat(result.status()).as(result.output()).isZero();
        assertThat(guest.exists("run/lima-early-failed")).as(result.output()).isFalse();
    }

    private static Map<String, String> files(FakeGuest guest) throws Exception {
        Map<String, String> result = new java.util.TreeMap<>();
        try (var walk = Files.walk(guest.root)) {
            for (Path file : walk.filter(Files::isRegularFile).toList()) {
                result.put(file.toString(), Files.getLastModifiedTime(file) + Files.readString(file));
            }
        }
        // Made anew in /run at each boot; the kernel's name is set each time.
        result.keySet().removeIf(f -> f.contains("/root/run/") || f.contains("/root/proc/"));
        return result;
    }
}
