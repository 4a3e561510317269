// SPDX-License-Identifier: Apache-2.0
package io.jlima.itests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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
 * {@code mount-suite.py} says what a mount must be able to do, {@link SshfsAttacks} what a guest must not be able to do,
 * {@link SshfsOwners} whose the files are, and {@link SshfsFaults} what happens when something dies. A boot is dear: they
 * are parts of one story, told in the order that their numbers say.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class MountIT implements SshfsAttacks, SshfsFaults, SshfsOwners {
    private final MountedGuest mounted = MountedGuest.create();
    private final Home home = mounted.home;
    private final Path shared = mounted.shared;

    @Override
    public MountedGuest mounted() {
        return mounted;
    }

    @BeforeAll
    void startTheGuest() throws IOException {
        StringBuilder mounts = new StringBuilder();
        StringBuilder bySsh = new StringBuilder("none");
        for (SshfsWay way : SshfsWay.all()) {
            mounted.directory(way.word());
            mounts.append(way.yaml(location(way), way.point()));
            if (way.transport().equals("ssh")) {
                bySsh.append(',').append(way.point()).append(',').append(way.small());
            }
        }
        mounted.directory("fresh");
        mounts.append("- {location: \"%s\", mountPoint: /mnt/fresh, writable: true, sshfs: {cache: false}}\n"
                .formatted(shared.resolve("fresh")));
        mounted.directory("followed");
        mounts.append("- {location: \"%s\", mountPoint: /mnt/followed, writable: true, sshfs: {followSymlinks: true}}\n"
                .formatted(shared.resolve("followed")));
        mounts.append(new NestedMounts(mounted).yaml());
        Files.createDirectory(shared.resolve("odd, name's"));
        mounts.append("- {location: \"%s\", mountPoint: \"/mnt/odd, name's\", writable: true}\n"
                .formatted(shared.resolve("odd, name's")));
        if (MountedGuest.isRoot()) {
            for (SshfsWay way : SshfsWay.thatWrite()) {
                mounts.append(way.yaml(mounted.smallDisk(way.smallDisk()), way.small()));
            }
        }
        home.with("JLIMA_SSHFS_BY_SSH", bySsh.toString());
        Path yaml = home.write("m.yaml", """
                images:
                - {location: "debian:bookworm?include=git", arch: x86_64}
                cpus: 1
                memory: 1GiB
                mountType: reverse-sshfs
                containerd: {system: false, user: false}
                provision:
                - {mode: boot, script: "#!/bin/sh\\n[ ! -e /var/lib/no-good-boot ]\\n"}
                mounts:
                """ + mounts);
        home.goodWithin(MountedGuest.BOOT, "start", "--tty=false", "--name", "m", yaml.toString());
    }

    @AfterAll
    void leaveNothing() {
        mounted.close();
    }

    @Test
    @Order(1)
    void everyMountIsThereAndSaysHow() {
        Home.Result table = home.good("shell", "--workdir", "/", "m", "cat", "/proc/self/mountinfo");
        for (SshfsWay way : SshfsWay.all()) {
            assertThat(table.out().lines())
                    .as(way.word())
                    .anyMatch(line -> line.contains(" " + way.point() + " ") && line.contains(" - fuse.sshfs "));
        }
        assertThat(home.good("shell", "--workdir", "/", "m", "touch", "/mnt/odd, name's/here")
                        .code())
                .isZero();
        assertThat(shared.resolve("odd, name's/here")).exists();
        List<String> lines = home.good("mount", "list", "m").out().lines().toList();
        for (SshfsWay way : SshfsWay.all()) {
            assertThat(lines)
                    .anyMatch(line -> line.equals(location(way) + " on " + way.point() + " ("
                            + (way.writable() ? "rw" : "ro") + ", " + way.transport() + ", " + way.sftpDriver() + ")"));
        }
    }

    @Test
    @Order(2)
    void aMountWithinAnotherIsSeenWhicheverIsListedFirst() throws IOException {
        new NestedMounts(mounted).areOneWithinTheOther("start");
        List<String> lines = home.good("mount", "list", "m").out().lines().toList();
        for (String order : NestedMounts.ORDERS) {
            assertThat(lines).anyMatch(line -> line.contains(" on /mnt/" + order + " (ro, "));
            assertThat(lines).anyMatch(line -> line.contains(" on /mnt/" + order + "/inner (rw, "));
        }
    }

    @ParameterizedTest
    @MethodSource("io.jlima.itests.SshfsWay#all")
    @Order(2)
    void theSuitePasses(SshfsWay way) throws IOException {
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
        // A place that the guest has already, and that is not its user's.
        assertThat(works("sudo mkdir /opt/late")).isTrue();
        home.good("mount", "add", "m", late.toString(), "--mount-point", "/opt/late");
        assertThat(guest("cat /opt/late/note").out()).isEqualTo("late\n");
        home.good("mount", "remove", "m", "/opt/late");
        assertThat(guest("cat /proc/self/mountinfo").out()).doesNotContain("late");
        assertThat(Files.readString(home.path.resolve("m/lima.yaml"))).doesNotContain("late comer");
    }
}
