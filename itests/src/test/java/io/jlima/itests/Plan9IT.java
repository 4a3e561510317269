// SPDX-License-Identifier: Apache-2.0
package io.jlima.itests;

import static org.assertj.core.api.Assertions.as;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.InstanceOfAssertFactories.STRING;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
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

/** Mounts of a real guest by 9p: every security model that this user can have, and read-only, all in one guest at once. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class Plan9IT {
    private final MountedGuest guest = MountedGuest.create();
    private final Home home = guest.home;

    /**
     * A mount.
     *
     * @param model empty for the one that a mount gets which names none
     * @param cache the same
     */
    record Share(String word, String model, String cache, boolean writable) {
        String point() {
            return "/mnt/" + word;
        }

        String options() {
            List<String> options = new ArrayList<>();
            if (!model.isEmpty()) {
                options.add("securityModel: " + model);
            }
            if (!cache.isEmpty()) {
                options.add("cache: " + cache);
            }
            return options.isEmpty() ? "" : ", 9p: {" + String.join(", ", options) + "}";
        }

        /** Whether the kernel's own options of a mount, which say nothing of a cache that there is not, are like that. */
        boolean hasCacheOf(String kernelOptions) {
            List<String> caches = new ArrayList<>(List.of(kernelOptions.split("[,=]")));
            caches.retainAll(List.of("loose", "fscache", "mmap"));
            return switch (cache) {
                case "" -> caches.size() == 1;
                case "none" -> caches.isEmpty();
                default -> caches.equals(List.of(cache));
            };
        }

        /** Whether what the guest wants of owners, modes and kinds is what the host's files get. */
        boolean isPlain() {
            return model.equals("none") || model.equals("passthrough");
        }
    }

    static List<Share> shares() {
        List<Share> shares = new ArrayList<>(List.of(
                new Share("mapped", "mapped-xattr", "", true),
                new Share("mapped-file", "mapped-file", "", true),
                new Share("none", "none", "", true),
                new Share("uncached", "none", "none", true),
                new Share("loose", "none", "loose", true),
                new Share("read-only", "", "", false)));
        if (MountedGuest.isRoot()) {
            shares.add(new Share("passthrough", "passthrough", "", true));
        }
        return shares;
    }

    private Path location(Share share) {
        return guest.shared.resolve(share.word() + ", it's 9p");
    }

    @BeforeAll
    void startTheGuest() throws IOException {
        StringBuilder mounts = new StringBuilder();
        for (Share share : shares()) {
            Path location = guest.directory(location(share).getFileName().toString());
            // The guest's user owns nothing of the host's root, and looks at a mount's directory once.
            Files.setPosixFilePermissions(location, PosixFilePermissions.fromString("rwxrwxrwx"));
            mounts.append("- {location: \"%s\", mountPoint: %s, writable: %s%s}\n"
                    .formatted(location(share), share.point(), share.writable(), share.options()));
        }
        if (MountedGuest.isRoot()) {
            mounts.append("- {location: \"%s\", mountPoint: /mnt/small, writable: true, 9p: {securityModel: none}}\n"
                    .formatted(guest.smallDisk("small")));
        }
        Path gone = Files.createDirectory(guest.shared.resolve("gone"));
        Files.setPosixFilePermissions(gone, PosixFilePermissions.fromString("rwxrwxrwx"));
        mounts.append("- {location: \"%s\", mountPoint: /mnt/gone, writable: true}\n".formatted(gone));
        Path yaml = home.write("m.yaml", """
                images:
                - {location: "debian:bookworm?include=git", arch: x86_64}
                cpus: 1
                memory: 1GiB
                mountType: 9p
                containerd: {system: false, user: false}
                provision:
                - {mode: boot, script: "[ ! -e /etc/fails-early ]"}
                mounts:
                """ + mounts);
        home.goodWithin(MountedGuest.BOOT, "start", "--tty=false", "--name", "m", yaml.toString());
    }

    @AfterAll
    void leaveNothing() {
        guest.close();
    }

    @Test
    @Order(1)
    void everyMountIsThereAndSaysHow() {
        String table = guest.run("cat /proc/self/mountinfo").out();
        List<String> lines = home.good("mount", "list", "m").out().lines().toList();
        for (Share share : shares()) {
            assertThat(table.lines())
                    .as(share.word())
                    .anyMatch(line -> line.contains(" " + share.point() + " ")
                            && line.contains(" - 9p ")
                            && share.hasCacheOf(line.substring(line.lastIndexOf(' ') + 1)));
            assertThat(lines)
                    .contains(location(share) + " on " + share.point() + " (" + (share.writable() ? "rw" : "ro")
                            + ", 9p)");
        }
    }

    /** On the host a link of the guest's is a link, or a plain file that says in one way or the other what it is. */
    @Test
    @Order(1)
    void eachModelHasItsOwnWayOfKeepingALink() throws IOException {
        for (Share share : shares()) {
            if (share.writable()) {
                Path made = location(share).resolve("made");
                assertThat(guest.run("cd " + share.point() + " && ln -s where/ever made && readlink made")
                                .out())
                        .isEqualTo("where/ever\n");
                assertThat(Files.isSymbolicLink(made)).as(share.word()).isEqualTo(share.isPlain());
                assertThat(Files.exists(location(share).resolve(".virtfs_metadata/made")))
                        .as(share.word())
                        .isEqualTo(share.model().equals("mapped-file"));
                assertThat(guest.works("rm " + share.point() + "/made")).isTrue();
            }
        }
    }

    @ParameterizedTest
    @MethodSource("shares")
    @Order(2)
    void theSuitePasses(Share share) throws IOException {
        List<String> missing = new ArrayList<>();
        if (share.writable()) {
            // QEMU before 10 looks for an open file by its name, which has gone.
            missing.add("unlinked_file_is_known");
        }
        if (share.model().startsWith("mapped-")) {
            // To it a link is a plain file with an attribute, and those of the host are none.
            missing.add("host_links");
        }
        if (share.cache().equals("none")) {
            // Where there is no cache, there is nothing for a map that others are to see.
            missing.addAll(List.of("mmap_write", "random_operations_with_maps"));
        }
        guest.passesTheSuite(share.point(), share.writable(), missing);
    }

    @ParameterizedTest
    @MethodSource("shares")
    @Order(3)
    void theRootOfTheGuestGetsNoFurther(Share share) throws IOException {
        // As root on the host, QEMU makes what it is told to make.
        guest.withstandsRoot(
                share.point(),
                share.writable(),
                location(share),
                share.isPlain() ? List.of("devices", "set_uid") : List.of());
    }

    static List<Share> writableShares() {
        return shares().stream().filter(Share::writable).toList();
    }

    @ParameterizedTest
    @MethodSource("writableShares")
    @Order(3)
    void ownersAreKeptForContainers(Share share) throws IOException {
        assumeTrue(MountedGuest.isRoot() || !share.isPlain(), "only root on the host gives files away there");
        ContainerOwners.areShown(guest, share.point(), location(share), share.isPlain());
    }

    @Test
    @Order(4)
    void aFullDiskOfTheHostIsAFullDiskInTheGuest() throws IOException {
        assumeTrue(MountedGuest.isRoot(), "a small disk takes root");
        guest.fillsUp("/mnt/small", guest.shared.resolve("small"));
    }

    @Test
    @Order(5)
    void aDaemonThatIsKilledIsNotMissed() throws IOException {
        Share share = shares().getFirst();
        guest.beginLoad(share.point(), 300);
        Home.eventually("the load", () -> Files.exists(location(share).resolve("load/10")));
        home.killDaemon();
        guest.loadIsComplete(share.point(), location(share), 300);
        assertThat(home.good("mount", "list", "m").out()).doesNotContain("not");
    }

    /** QEMU can add the device, and not what serves it. */
    @Test
    @Order(5)
    void noneIsAddedOrRemovedWhileTheGuestRuns() {
        for (List<String> words : List.of(
                List.of("mount", "add", "m", guest.shared.toString(), "--mount-point", "/mnt/late"),
                List.of("mount", "remove", "m", "/mnt/gone"))) {
            Home.Result refused = home.limactl(words.toArray(String[]::new));
            assertThat(refused.code()).isEqualTo(1);
            assertThat(refused.err()).contains("cannot be changed while it runs", "restart", "reverse-sshfs");
        }
    }

    private List<String> table() {
        return home.good("mount", "list", "m").out().lines().toList();
    }

    @Test
    @Order(6)
    void aDirectoryThatIsRemovedIsAnErrorAndNoMore() throws IOException {
        Path gone = guest.shared.resolve("gone");
        assertThat(guest.works("echo x >/mnt/gone/x && rm /mnt/gone/x")).isTrue();
        assertThat(table()).contains(gone + " on /mnt/gone (rw, 9p)");
        Files.delete(gone);
        assertThat(guest.works("echo x >/mnt/gone/x")).isFalse();
        assertThat(guest.works("ls /mnt/gone/y")).isFalse();
        assertThat(guest.run("cat /mnt/read-only/note").out()).isEqualTo("from the host\n");
        assertThat(table())
                .filteredOn(line -> line.contains("restart m"))
                .singleElement(as(STRING))
                .startsWith(
                        gone + " on /mnt/gone (rw, 9p): the directory that the machine was given is not at " + gone);
    }

    @Test
    @Order(7)
    void aGuestThatRestartsFindsItsMountsAgain() throws IOException {
        Share share = shares().getFirst();
        guest.reboot();
        for (Share each : shares()) {
            assertThat(guest.run("cat " + each.point() + "/note").out()).isEqualTo("from the host\n");
        }
        MountedGuest.loadIsSound(location(share), 300);
        assertThat(guest.run("cat " + share.point() + "/load/299 | wc -l").out().strip())
                .isEqualTo("3000");
        // Without the one that has gone it comes up as well.
        Home.eventually("the end of the boot", Duration.ofMinutes(3), () -> guest.works("[ -e /run/lima-boot-done ]"));
        assertThat(guest.works("echo x >/mnt/gone/x")).isFalse();
        // The one that is made again is another one, which this machine has never opened.
        Path gone = Files.createDirectory(guest.shared.resolve("gone"));
        Files.setPosixFilePermissions(gone, PosixFilePermissions.fromString("rwxrwxrwx"));
        assertThat(guest.works("echo x >/mnt/gone/x")).isFalse();
        assertThat(gone).isEmptyDirectory();
        assertThat(table()).filteredOn(line -> line.contains("restart m")).hasSize(1);
    }

    @Test
    @Order(8)
    void whatMakesNoSenseIsRefusedBeforeAnythingStarts() throws IOException {
        Path file = Files.writeString(guest.shared.resolve("file"), "");
        for (String[] bad : new String[][] {
            {"9p: {securityModel: xattr}", "xattr"},
            {"9p: {protocolVersion: 9p2001}", "9p2001"},
            {"9p: {msize: 1KiB}", "1024"},
            {"9p: {msize: much}", "much"},
            {"9p: {cache: \"mmap,suid\"}", "mmap,suid"},
            {"mountPoint: /etc", "/etc"},
            {"mountPoint: relative", "relative"}
        }) {
            refused("{location: \"" + guest.shared + "\", writable: true, " + bad[0] + "}", bad[1]);
        }
        refused("{location: \"" + file + "\"}", "file");
    }

    /** What fails before the network is there keeps nothing else of the set-up away, and is told with its cause. */
    @Test
    @Order(9)
    void aKernelWithout9pAndAFailedStepAreToldAndNoMore() {
        assertThat(guest.works("sudo sh -ec 'mv /lib/modules/*/kernel/fs/9p /root/; depmod; touch /etc/fails-early'"))
                .isTrue();
        home.good("stop", "m");
        Home.Result start = home.limactlWithin(MountedGuest.BOOT, "start", "--tty=false", "m");
        assertThat(start.code()).as(start.all()).isEqualTo(1);
        assertThat(start.err().lines().filter(line -> line.startsWith("  ")))
                .containsExactly(
                        "  the guest's boot script provision.boot/00000000 failed; see `sudo journalctl -b -u"
                                + " 'jlima-guest*'` in the guest",
                        "  the guest's kernel has no 9p, so nothing is mounted by it; mountType reverse-sshfs or"
                                + " virtiofs in lima.yaml can do without");
        assertThat(home.status("m")).isEqualTo("Running");
        assertThat(table())
                .isNotEmpty()
                .allMatch(line ->
                        line.endsWith(": the guest's kernel has no 9p; mountType reverse-sshfs needs no such kernel"));
        assertThat(guest.run("sudo journalctl -b -u 'jlima-guest*'").out())
                .contains("provision.boot/00000000 FAILED: exit status 1");
        // What comes after them was done.
        assertThat(guest.run("cat /run/lima-boot-failed").out())
                .isEqualTo("provision.boot/00000000\nboot.Linux/05-lima-mounts.sh\n");

        assertThat(guest.works("sudo sh -ec 'mv /root/9p /lib/modules/*/kernel/fs/; depmod; rm /etc/fails-early;"
                        + " sh /mnt/lima-cidata/boot.sh || :'"))
                .isTrue();
        assertThat(table()).isNotEmpty().allMatch(line -> line.endsWith(", 9p)"));
        assertThat(guest.works("echo x >/mnt/gone/x")).isTrue();
        assertThat(guest.shared.resolve("gone/x")).hasContent("x");
    }

    private void refused(String mount, String word) {
        Path yaml = home.write("bad.yaml", """
                images:
                - {location: "debian:bookworm?include=git", arch: x86_64}
                mountType: 9p
                mounts:
                - %s
                """.formatted(mount));
        Home.Result result = home.limactl("create", "--tty=false", "--name", "bad", yaml.toString());
        assertThat(result.code()).as(mount + ": " + result.all()).isEqualTo(1);
        assertThat(result.err()).contains(word);
        assertThat(home.path.resolve("bad")).doesNotExist();
    }
}
