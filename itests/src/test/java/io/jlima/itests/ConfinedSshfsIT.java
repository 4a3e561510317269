// SPDX-License-Identifier: Apache-2.0
package io.jlima.itests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;

/**
 * Reverse-sshfs in a guest whose AppArmor lets {@code fusermount3} mount in a few places only, as Ubuntu's does: the rules
 * are those of its profile, less what other programs need. Debian has none, so it comes with the boot: the first mounts
 * find it without a rule of ours, which the set-up adds when they are there.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class ConfinedSshfsIT {
    private static final String OPTIONS =
            "fstype=@{fuse_types} options=(nosuid,nodev) options in (ro,rw,noatime,dirsync,nodiratime,noexec,sync)";

    private static final String LOAD = "sudo apparmor_parser -r /etc/apparmor.d/fusermount3";

    private static final String AGENT = "/usr/local/bin/lima-guestagent";

    private final MountedGuest mounted = MountedGuest.create();
    private final Home home = mounted.home;

    @BeforeAll
    void startTheGuest() throws IOException {
        StringBuilder rules = new StringBuilder();
        for (String place :
                new String[] {"@{HOME}/**/", "/mnt/{,**/}", "@{run}/user/@{uid}/**/", "/media/**/", "/tmp/**/"}) {
            rules.append("      mount %s -> %s,\n      umount %s,\n".formatted(OPTIONS, place, place));
        }
        home.with("JLIMA_SSHFS_BY_SSH", "/srv/ssh,/srv/ssh/inner");
        Path yaml = home.write(
                "m.yaml",
                """
                images:
                - {location: "debian:bookworm?include=apparmor", arch: x86_64}
                cpus: 1
                memory: 1GiB
                mountType: reverse-sshfs
                containerd: {system: false, user: false}
                provision:
                - mode: boot
                  script: |
                    #!/bin/sh
                    cat >/etc/apparmor.d/fusermount3 <<'profile'
                    abi <abi/3.0>,
                    include <tunables/global>
                    @{fuse_types} = {fuse,fuse.*,fuseblk,fusectl}
                    profile fusermount3 /usr/bin/fusermount3 {
                      include <abstractions/base>
                      include <abstractions/nameservice>
                      capability dac_override,
                      capability dac_read_search,
                      capability setuid,
                      capability sys_admin,
                %s
                      /dev/fuse rw,
                      /etc/fuse.conf r,
                      @{PROC}/@{pid}/{mounts,mountinfo} r,
                      /usr/bin/fusermount3 mr,
                      include if exists <local/fusermount3>
                    }
                    profile
                    apparmor_parser -r /etc/apparmor.d/fusermount3
                mounts:
                """.formatted(rules.toString().indent(4).stripTrailing())
                        + mount("alone", "/srv/alone", ", writable: true, sshfs: {cache: false}")
                        + mount("one", "/srv/one", ", writable: true")
                        + mount("two", "/Users/me/two", "")
                        + mount("ssh", "/srv/ssh", "")
                        + mount("ssh-inner", "/srv/ssh/inner", ", writable: true"));
        Files.createDirectory(mounted.shared.resolve("ssh/inner"));
        home.goodWithin(MountedGuest.BOOT, "start", "--tty=false", "--name", "m", yaml.toString());
    }

    @AfterAll
    void leaveNothing() {
        mounted.close();
    }

    /** A directory with a note that has its name. */
    private Path directory(String name) throws IOException {
        Path directory = Files.createDirectory(mounted.shared.resolve(name));
        Files.writeString(directory.resolve("note"), name);
        return directory;
    }

    private String mount(String name, String point, String more) throws IOException {
        return "- {location: \"%s\", mountPoint: %s%s}\n".formatted(directory(name), point, more);
    }

    private void add(String name, String point, String... flags) throws IOException {
        String[] words = new String[5 + flags.length];
        System.arraycopy(
                new String[] {"mount", "add", "m", directory(name).toString(), "--mount-point=" + point},
                0,
                words,
                0,
                5);
        System.arraycopy(flags, 0, words, 5, flags.length);
        home.good(words);
    }

    private void shows(String name, String point, boolean writable) {
        assertThat(mounted.run("cat " + point + "/note").out()).as(point).isEqualTo(name);
        assertThat(mounted.works("touch " + point + "/new")).as(point).isEqualTo(writable);
        assertThat(Files.exists(mounted.shared.resolve(name).resolve("new")))
                .as(point)
                .isEqualTo(writable);
    }

    /** What fusermount3 says of a place of the user's; with nobody to take its mount, it says more where it may mount. */
    private String refusal() {
        return mounted.run("sudo mkdir -p /srv/control && sudo chown $(id -u) /srv/control;"
                        + " _FUSE_COMMFD=0 fusermount3 /srv/control </dev/null; sudo umount -l /srv/control")
                .all();
    }

    @Test
    @Order(1)
    void everyPlaceIsReached() {
        assertThat(mounted.run("sudo cat /sys/kernel/security/apparmor/profiles")
                        .out())
                .contains("fusermount3 (enforce)");
        shows("alone", "/srv/alone", true);
        shows("one", "/srv/one", true);
        shows("two", "/Users/me/two", false);
        shows("ssh", "/srv/ssh", false);
        shows("ssh-inner", "/srv/ssh/inner", true);
        assertThat(refusal()).contains("sending file descriptor").doesNotContain("mount failed");
    }

    @Test
    @Order(2)
    void soItIsWhereTheProfileGetsNoRuleOfOurs() throws IOException {
        assertThat(mounted.works("sudo rm /etc/apparmor.d/local/fusermount3 && " + LOAD))
                .isTrue();
        assertThat(refusal()).contains("mount failed: Permission denied");
        add("late", "/srv/late", "--writable");
        shows("late", "/srv/late", true);
        for (String point : new String[] {"/srv/late", "/srv/alone"}) {
            home.good("mount", "remove", "m", point);
            assertThat(mounted.run("cat /proc/self/mountinfo").out()).doesNotContain(" " + point + " ");
        }
    }

    /** fusermount3 wants to write to where it mounts. */
    @Test
    @Order(3)
    void withoutTheAgentAMountIsMadeWithinOneThatIsReadOnly() throws IOException {
        assertThat(mounted.works("sudo mv " + AGENT + " " + AGENT + ".away")).isTrue();
        try {
            add("outer", "/mnt/outer");
            Files.createDirectory(mounted.shared.resolve("outer/inner"));
            add("inner", "/mnt/outer/inner", "--writable");
            shows("outer", "/mnt/outer", false);
            shows("inner", "/mnt/outer/inner", true);
        } finally {
            mounted.run("sudo mv " + AGENT + ".away " + AGENT);
        }
    }
}
