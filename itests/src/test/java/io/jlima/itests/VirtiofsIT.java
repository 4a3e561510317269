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
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;

/** Mounts of a real guest by virtiofs, with the program of this host that jlima finds. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class VirtiofsIT {
    private final MountedGuest mounted = MountedGuest.create();
    private final Home home = mounted.home.with("VIRTIOFSD", null);
    private final Path rw = mounted.shared.resolve("virtiofs, rw");
    private final Path ro = mounted.shared.resolve("virtiofs, ro");
    private final Path gone = mounted.shared.resolve("gone");
    private final Path late = mounted.shared.resolve("late");
    private final Path made = mounted.shared.resolve("made/for it");

    /** Has the home use another program, if the class is for one. */
    void choose(Home home) {}

    @BeforeAll
    void startTheGuest() throws IOException {
        assumeTrue(MountedGuest.isRoot(), "Debian 12's virtiofsd serves root only");
        choose(home);
        forAll(mounted.directory(rw.getFileName().toString()));
        mounted.directory(ro.getFileName().toString());
        forAll(Files.createDirectory(gone));
        Path yaml = home.write("m.yaml", """
                images:
                - {location: "debian:bookworm?include=git", arch: x86_64}
                cpus: 1
                memory: 1GiB
                mountType: virtiofs
                containerd: {system: false, user: false}
                mounts:
                - {location: "%s", mountPoint: /mnt/vf rw, writable: true}
                - {location: "%s", mountPoint: /mnt/vf ro}
                - {location: "%s", mountPoint: /mnt/small, writable: true}
                - {location: "%s", mountPoint: /mnt/gone, writable: true}
                - {location: "%s", mountPoint: /mnt/made}
                """.formatted(rw, ro, mounted.smallDisk("small"), gone, made));
        home.goodWithin(MountedGuest.BOOT, "start", "--tty=false", "--name", "m", yaml.toString());
    }

    /** The guest's user owns nothing of the host's root. */
    private static Path forAll(Path directory) throws IOException {
        return Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxrwxrwx"));
    }

    @AfterAll
    void leaveNothing() {
        mounted.close();
    }

    private Home.Result guest(String script) {
        return mounted.run(script);
    }

    private boolean works(String script) {
        return mounted.works(script);
    }

    private List<String> table() {
        return home.good("mount", "list", "m").out().lines().toList();
    }

    @Test
    @Order(1)
    void everyMountIsThereAndSaysHow() {
        assertThat(table())
                .containsExactly(
                        rw + " on /mnt/vf rw (rw, virtiofs, virtiofsd)",
                        ro + " on /mnt/vf ro (ro, virtiofs, virtiofsd)",
                        mounted.shared.resolve("small") + " on /mnt/small (rw, virtiofs, virtiofsd)",
                        gone + " on /mnt/gone (rw, virtiofs, virtiofsd)",
                        made + " on /mnt/made (ro, virtiofs, virtiofsd)");
        assertThat(made).isEmptyDirectory();
        assertThat(guest("grep -c ' - virtiofs ' /proc/self/mountinfo").out()).isEqualTo("5\n");
    }

    @Test
    @Order(2)
    void theSuitePasses() throws IOException {
        mounted.passesTheSuite("/mnt/vf rw", true, List.of());
        mounted.passesTheSuite("/mnt/vf ro", false, List.of());
    }

    @Test
    @Order(3)
    void aFullDiskOfTheHostIsAFullDiskInTheGuest() throws IOException {
        mounted.fillsUp("/mnt/small", mounted.shared.resolve("small"));
    }

    @Test
    @Order(3)
    void theRootOfTheGuestChangesNothingThatIsReadOnly() throws IOException {
        mounted.withstandsRoot("/mnt/vf ro", false, ro, List.of());
    }

    @Test
    @Order(3)
    void theRootOfTheGuestStaysInTheDirectory() throws IOException {
        // Owners and modes are the host's own: as root there, the guest's root is root in that directory.
        mounted.withstandsRoot("/mnt/vf rw", true, rw, List.of("set_uid"));
    }

    @Test
    @Order(3)
    void ownersAreKeptForContainers() throws IOException {
        ContainerOwners.areShown(mounted, "/mnt/vf rw", rw, true);
    }

    /** Its virtiofsd holds the directory, wherever it goes, and nothing else. */
    @Test
    @Order(4)
    void aDirectoryThatIsRemovedIsAnErrorAndNoMore() throws IOException {
        long daemon = home.daemonPid();
        assertThat(works("echo x >/mnt/gone/x && mkdir /mnt/gone/held")).isTrue();
        Path away = Files.move(gone, mounted.shared.resolve("away"));
        assertThat(works("cat /mnt/gone/x && echo y >/mnt/gone/y")).isTrue();
        assertThat(away.resolve("y")).hasContent("y");
        assertThat(table()).anyMatch(line -> line.startsWith(gone + " ") && line.contains("is not at " + gone));
        Files.move(away, gone);
        assertThat(table()).noneMatch(line -> line.contains("any more"));

        assertThat(works("nohup sh -c 'exec 3>/mnt/gone/open; cd /mnt/gone/held && touch /tmp/held;"
                        + " until [ -e /tmp/done ]; do sleep 0.1; done; echo last >&3 && touch x; echo $? >/tmp/code'"
                        + " >/dev/null 2>&1 </dev/null & until [ -e /tmp/held ]; do sleep 0.1; done"))
                .isTrue();
        Files.delete(gone.resolve("held"));
        try (Stream<Path> files = Files.list(gone)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
        Files.delete(gone);
        // What the guest's kernel has just seen it goes on to use for a second.
        for (String use : List.of("echo x >/mnt/gone/x", "cat /mnt/gone/x", "mkdir /mnt/gone/d", "ls /mnt/gone/held")) {
            Home.eventually(use + " fails", () -> {
                int code = guest("timeout 120 sh -c '" + use + "'").code();
                assertThat(code).as(use).isNotEqualTo(124);
                return code != 0;
            });
        }
        // A program that is there already goes on with its file, has errors for the rest, and ends.
        assertThat(works("touch /tmp/done; until [ -s /tmp/code ]; do sleep 0.1; done; [ \"$(cat /tmp/code)\" != 0 ]"))
                .isTrue();

        // The one that is made again is another one.
        forAll(Files.createDirectory(gone));
        assertThat(works("echo x >/mnt/gone/x")).isFalse();
        assertThat(gone).isEmptyDirectory();
        assertThat(table()).anyMatch(line -> line.startsWith(gone + " ") && line.contains("`limactl restart m`"));
        assertThat(guest("cat '/mnt/vf ro/note'").out()).isEqualTo("from the host\n");
        assertThat(works("echo x >'/mnt/vf rw/beside'")).isTrue();
        assertThat(rw.resolve("beside")).hasContent("x");
        assertThat(home.status("m")).isEqualTo("Running");
        assertThat(home.daemonPid()).isEqualTo(daemon);
    }

    private String yaml() throws IOException {
        return Files.readString(home.path.resolve("m/lima.yaml"));
    }

    private List<String> instanceFiles() throws IOException {
        try (Stream<Path> files = Files.list(home.path.resolve("m"))) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.startsWith("virtiofsd-"))
                    .sorted()
                    .toList();
        }
    }

    private Home.Result added(Path location, String... more) {
        List<String> words = new ArrayList<>(List.of("mount", "add", "m", location.toString()));
        words.addAll(List.of(more));
        return home.limactl(words.toArray(String[]::new));
    }

    private String mountedInTheGuest() {
        return guest("grep ' - virtiofs ' /proc/self/mountinfo").out();
    }

    @Test
    @Order(5)
    void mountsComeAndGoWhileTheGuestRuns() throws IOException {
        Files.createDirectory(late);
        Files.writeString(late.resolve("note"), "late\n");
        forAll(late);
        List<String> before = instanceFiles();
        assertThat(added(late, "--mount-point", "/mnt/it's late", "--writable").code())
                .isZero();
        assertThat(guest("cat \"/mnt/it's late/note\" && echo back >\"/mnt/it's late/reply\"")
                        .out())
                .isEqualTo("late\n");
        assertThat(late.resolve("reply")).hasContent("back");
        assertThat(yaml()).contains("/mnt/it's late");
        assertThat(table()).contains(late + " on /mnt/it's late (rw, virtiofs, virtiofsd)");

        // Who has it open keeps it, and nothing has changed.
        assertThat(works("nohup sh -c 'exec 3<\"$0\"; touch /tmp/busy; until [ -e /tmp/free ]; do sleep 0.1; done'"
                        + " \"/mnt/it's late/note\" >/dev/null 2>&1 </dev/null &"
                        + " until [ -e /tmp/busy ]; do sleep 0.1; done"))
                .isTrue();
        Home.Result busy = home.limactl("mount", "remove", "m", "/mnt/it's late");
        assertThat(busy.code()).isEqualTo(1);
        assertThat(busy.err()).contains("does not unmount /mnt/it's late", "busy", "End what uses it");
        assertThat(guest("cat \"/mnt/it's late/note\"").out()).isEqualTo("late\n");
        assertThat(yaml()).contains("/mnt/it's late");

        // So does who has it in a mount table of its own, as containers have.
        assertThat(works("nohup sudo unshare --mount --propagation private sh -c 'touch /tmp/apart;"
                        + " until [ -e /tmp/together ]; do sleep 0.1; done' >/dev/null 2>&1 </dev/null &"
                        + " touch /tmp/free; until [ -e /tmp/apart ]; do sleep 0.1; done"))
                .isTrue();
        Home.eventually("nobody has the file open", () -> !works("pgrep -f '/tmp/[b]usy' >/dev/null"));
        Home.Result apart = home.limactl("mount", "remove", "m", "/mnt/it's late");
        assertThat(apart.code()).isEqualTo(1);
        assertThat(apart.err()).contains("mount table of its own");
        assertThat(guest("cat \"/mnt/it's late/note\"").out()).isEqualTo("late\n");
        assertThat(works("touch /tmp/together")).isTrue();

        // The next daemon knows what the last one has added.
        home.killDaemon();
        assertThat(table()).contains(late + " on /mnt/it's late (rw, virtiofs, virtiofsd)");
        Home.eventually("nobody has it apart", () -> !works("pgrep -f '/tmp/[t]ogether' >/dev/null"));
        home.good("mount", "remove", "m", "/mnt/it's late");
        assertThat(mountedInTheGuest()).doesNotContain("late");
        assertThat(yaml()).doesNotContain("late");
        assertThat(table()).noneMatch(line -> line.contains("late"));
        assertThat(serving(late)).isEmpty();
        assertThat(instanceFiles()).isEqualTo(before);
        assertThat(home.good("list").err()).doesNotContain("virtiofsd");
    }

    @Test
    @Order(5)
    void whatCannotBeAddedLeavesNothing() throws IOException {
        String before = yaml();
        List<String> files = instanceFiles();
        String mounts = mountedInTheGuest();
        Path file = Files.writeString(mounted.shared.resolve("file"), "");
        assertThat(added(mounted.shared.resolve("nowhere")).err()).contains("nowhere");
        assertThat(added(file).err()).contains(file.toString());
        assertThat(added(ro, "--mount-point", "/usr").err()).contains("/usr");
        assertThat(added(ro, "--mount-point", "/mnt/vf rw").err()).contains("mount point already");
        // The guest's own words, and the device is taken back.
        Home.Result refused = added(mounted.shared, "--mount-point", "/etc/hostname/below");
        assertThat(refused.code()).isEqualTo(1);
        assertThat(refused.err()).contains("/etc/hostname", "Not a directory");
        assertThat(home.limactl("mount", "remove", "m", "/mnt/nowhere").err()).contains("/mnt/nowhere");
        assertThat(yaml()).isEqualTo(before);
        assertThat(instanceFiles()).isEqualTo(files);
        assertThat(mountedInTheGuest()).isEqualTo(mounts);
        assertThat(serving(mounted.shared)).isEmpty();
        Files.delete(file);
    }

    /** As those that were there from the start are: removed, shown anew, and kept from the guest's root. */
    @Test
    @Order(6)
    void whatWasThereFromTheStartComesAndGoesToo() throws IOException {
        home.good("mount", "remove", "m", "/mnt/gone");
        assertThat(works("echo x >/mnt/gone/x")).isFalse();
        assertThat(added(gone, "--mount-point", "/mnt/gone", "-w").code()).isZero();
        assertThat(works("echo x >/mnt/gone/x")).isTrue();
        assertThat(gone.resolve("x")).hasContent("x");
        home.good("mount", "remove", "m", "/mnt/made");
        assertThat(added(late, "--mount-point", "/mnt/late").code()).isZero();
        assertThat(works("sudo mount -i -o remount,rw /mnt/late && [ \"$(cat /mnt/late/note)\" = late ]"))
                .isTrue();
        assertThat(works("sudo touch /mnt/late/x")).isFalse();
        assertThat(works("sudo rm -f /mnt/late/note")).isFalse();
        assertThat(late.resolve("x")).doesNotExist();
        assertThat(table())
                .contains(late + " on /mnt/late (ro, virtiofs, virtiofsd)")
                .noneMatch(line -> line.contains("/mnt/made"));
    }

    @Test
    @Order(7)
    void theyOutliveTheDaemonAndARestartOfTheGuest() throws IOException {
        mounted.beginLoad("/mnt/vf rw", 200);
        Home.eventually("the load", () -> Files.exists(rw.resolve("load/10")));
        home.killDaemon();
        mounted.loadIsComplete("/mnt/vf rw", rw, 200);
        assertThat(home.good("mount", "list", "m").out()).doesNotContain("ended");
        Files.delete(gone.resolve("x"));
        Files.delete(gone);
        mounted.reboot();
        assertThat(guest("cat '/mnt/vf ro/note'").out()).isEqualTo("from the host\n");
        // What has come since the machine was started is not known to the guest's boot.
        Home.eventually("it is mounted again", Duration.ofMinutes(3), () -> works("cat /mnt/late/note"));
        assertThat(works("! mountpoint -q /mnt/made")).isTrue();
        // The one that has gone is missed, and nothing else; the next start shows the one that is there then.
        assertThat(works("echo y >/mnt/gone/y")).isFalse();
        assertThat(table())
                .filteredOn(line -> !line.endsWith(", virtiofs, virtiofsd)"))
                .singleElement(as(STRING))
                .startsWith(gone + " on /mnt/gone ")
                .contains("`limactl restart m`");
        forAll(Files.createDirectory(gone));
        assertThat(guest("wc -l <'/mnt/vf rw/load/199'").out()).isEqualTo("3000\n");
        assertThat(works("rm -r '/mnt/vf rw/load'")).isTrue();
        assertThat(rw.resolve("load")).doesNotExist();
    }

    /** By what they were told, since a loader may run the program. */
    private static List<ProcessHandle> daemons(Predicate<List<String>> arguments) {
        return ProcessHandle.allProcesses()
                .filter(p -> arguments.test(List.of(p.info().arguments().orElse(new String[0]))))
                .toList();
    }

    /** Those of either kind that serve a directory. */
    private static List<ProcessHandle> serving(Path location) {
        String inQemus = "source=" + location.toString().replace(",", "\\,");
        return daemons(arguments -> arguments.contains(inQemus) || arguments.contains("--shared-dir=" + location));
    }

    @Test
    @Order(8)
    void aVirtiofsdThatIsKilledIsMissedAndComesWithTheNextStart() throws IOException {
        mounted.beginLoad("/mnt/vf rw", 100_000);
        Home.eventually("the load", () -> Files.exists(rw.resolve("load/30")));
        List<ProcessHandle> serving = serving(rw);
        assertThat(serving).isNotEmpty();
        serving.forEach(p -> Home.kill(p.pid()));
        Home.eventually(
                "its mount is told as broken",
                () -> home.good("mount", "list", "m").out().contains("virtiofsd for " + rw));
        assertThat(home.good("list").err()).contains("restart --force m");
        assertThat(guest("cat '/mnt/vf ro/note'").out()).isEqualTo("from the host\n");
        MountedGuest.loadIsSound(rw, 30);
        // Its programs hang, so it does not power off, and is not waited for as long as another.
        assertThat(home.good("stop", "m").err()).contains("within 45 s");
        Home.eventually(
                "the others have ended too",
                () -> daemons(arguments -> arguments.stream()
                                .anyMatch(each -> each.startsWith("--socket-path=" + home.path + "/m/virtiofsd-")))
                        .isEmpty());
        home.goodWithin(MountedGuest.BOOT, "start", "--tty=false", "m");
        assertThat(home.good("list").err()).doesNotContain("virtiofsd");
        assertThat(guest("wc -l <'/mnt/vf rw/load/29'").out()).isEqualTo("3000\n");
        assertThat(works("echo after >'/mnt/vf rw/after' && echo new >/mnt/gone/new"
                        + " && cat /mnt/late/note && ! mountpoint -q /mnt/made"))
                .isTrue();
        assertThat(rw.resolve("after")).hasContent("after");
        assertThat(gone.resolve("new")).hasContent("new");
        assertThat(table()).noneMatch(line -> line.contains("any more"));
    }
}
