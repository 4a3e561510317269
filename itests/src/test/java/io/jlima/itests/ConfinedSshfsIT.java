// SPDX-License-Identifier: Apache-2.0
package io.jlima.itests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
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
        home.with("JLIMA_SSHFS_BY_SSH", "/srv/ssh,/srv/ssh/inner,/srv/ssh/nested");
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
                        + mount("nested", "/srv/ssh/nested", ", writable: true")
                        + mount("ssh", "/srv/ssh", ""));
        Files.createDirectory(mounted.shared.resolve("ssh/inner"));
        Files.createDirectory(mounted.shared.resolve("ssh/nested"));
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

    private void add(Path directory, String point, String... flags) {
        List<String> words =
                new ArrayList<>(List.of("mount", "add", "m", directory.toString(), "--mount-point", point));
        words.addAll(List.of(flags));
        home.good(words.toArray(String[]::new));
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
        shows("nested", "/srv/ssh/nested", true);
        assertThat(refusal()).contains("sending file descriptor").doesNotContain("mount failed");
    }

    @Test
    @Order(2)
    void whatIsWithinAMountThatIsLostComesBackWithIt() {
        for (String lost : List.of("ssh", "(ssh|nested)")) {
            assertThat(mounted.works("pkill -KILL -f '^sshfs :" + mounted.shared + "/" + lost + " '"))
                    .isTrue();
            Home.eventually(
                    "both are there",
                    () -> mounted.run("cat /srv/ssh/note /srv/ssh/nested/note")
                            .out()
                            .equals("sshnested"));
        }
    }

    @Test
    @Order(3)
    void soItIsWhereTheProfileGetsNoRuleOfOurs() throws IOException {
        assertThat(mounted.works("sudo rm /etc/apparmor.d/local/fusermount3 && " + LOAD))
                .isTrue();
        assertThat(refusal()).contains("mount failed: Permission denied");
        add(directory("late"), "/srv/late", "--writable");
        shows("late", "/srv/late", true);
        add(directory("ssh-inner"), "/srv/ssh/inner", "--writable");
        shows("ssh-inner", "/srv/ssh/inner", true);
        assertThat(home.good("mount", "list", "m").out()).contains(" on /srv/ssh/inner (rw, ssh, ");
        for (String point : List.of("/srv/late", "/srv/alone", "/srv/ssh/inner")) {
            home.good("mount", "remove", "m", point);
            assertThat(mounted.run("cat /proc/self/mountinfo").out()).doesNotContain(" " + point + " ");
        }
    }

    /** fusermount3 wants to write to where it mounts. */
    @Test
    @Order(4)
    void withoutTheAgentAMountIsMadeWithinOneThatIsReadOnly() throws IOException {
        assertThat(mounted.works("sudo mv " + AGENT + " " + AGENT + ".away")).isTrue();
        try {
            Path outer = directory("outer");
            Files.createDirectory(outer.resolve("inner"));
            add(outer, "/mnt/outer");
            add(directory("inner"), "/mnt/outer/inner", "--writable");
            shows("outer", "/mnt/outer", false);
            shows("inner", "/mnt/outer/inner", true);
        } finally {
            mounted.run("sudo mv " + AGENT + ".away " + AGENT);
        }
    }
}
