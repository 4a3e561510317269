// SPDX-License-Identifier: Apache-2.0
package io.jlima.itests;

import static io.jlima.itests.Home.eventually;
import static io.jlima.itests.Home.isAlive;
import static io.jlima.itests.SilentGuest.WAITING;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.jlima.itests.Home.Result;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What goes wrong ends with exit code 1, with words that name the place and the remedy, and leaves nothing half-made. */
class BadInputIT {
    private static SilentGuest guest;

    /** For tests that need no daemon of their own. */
    private static Home shared;

    @BeforeAll
    static void makeGuest() {
        guest = new SilentGuest();
        shared = guest.home();
    }

    @AfterAll
    static void removeGuest() throws IOException {
        shared.close();
        guest.close();
    }

    private static String refused(Result result) {
        assertThat(result.code()).as(result.all()).isEqualTo(1);
        assertThat(result.out()).isEmpty();
        assertThat(result.err()).doesNotContain("internal error", "Exception", "\tat ");
        return result.err();
    }

    /** No instance, no draft of one, no temporary file: nothing but what the test itself has put there. */
    private static void assertNothingMade(Home home) throws IOException {
        try (Stream<Path> entries = Files.list(home.path)) {
            assertThat(entries.filter(Files::isDirectory)
                            .map(e -> e.getFileName().toString()))
                    .allMatch(name -> name.equals("_daemon") || name.equals("_config"));
        }
    }

    private static void assertNothingTemporary(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            assertThat(files.map(f -> f.getFileName().toString()))
                    .noneMatch(n -> n.endsWith(".tmp") || n.endsWith(".new") || n.endsWith(".part"));
        }
    }

    private static Path script(Home home, String name, String text) throws IOException {
        Path file = Files.writeString(home.path.resolve(name), "#!/bin/sh\n" + text);
        return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    /** Machines of this home that live. */
    private static List<ProcessHandle> machines(Home home) {
        try (Stream<ProcessHandle> processes = ProcessHandle.allProcesses()) {
            return processes.filter(p -> isMachineOf(home, p.pid())).toList();
        }
    }

    private static boolean isMachineOf(Home home, long pid) {
        try {
            String line = Files.readString(Path.of("/proc/" + pid + "/cmdline"), StandardCharsets.ISO_8859_1);
            return isAlive(pid) && line.contains(home.path + "/") && line.contains("\0-name\0lima-");
        } catch (IOException e) {
            return false;
        }
    }

    // Words

    @Test
    void anUnknownInstanceIsNamed() {
        for (List<String> words : List.of(List.of("stop", "nosuch"), List.of("stop", "-f", "nosuch"))) {
            assertThat(refused(shared.limactl(words.toArray(String[]::new))))
                    .contains("`nosuch` does not exist", "limactl list");
        }
        assertThat(refused(shared.limactl("shell", "nosuch", "true")))
                .contains("`nosuch` does not exist", "limactl create");
        assertThat(refused(shared.limactl("list", "nosuch"))).contains("No instance matching nosuch found");
        assertThat(shared.good("factory-reset", "nosuch").err()).contains("`nosuch` not found");
        // As in Lima, so that a script may delete without looking.
        Result delete = shared.good("delete", "nosuch");
        assertThat(delete.err()).contains("Ignoring non-existent instance `nosuch`");
    }

    @Test
    void startingAnUnknownNameMakesItOfTheDefaultTemplate() throws IOException {
        try (Home home = guest.home()) {
            Path templates = Files.createDirectories(home.path.resolve("_mine"));
            Files.writeString(templates.resolve("default.yaml"), "cpus: 0.x\n");
            home.with("LIMA_TEMPLATES_PATH", templates.toString());
            assertThat(refused(home.limactl("start", "nosuch")))
                    .contains("Creating the instance `nosuch` from template:default", "default.yaml:1:7", "cpus");
            assertThat(home.good("list", "-q").out()).isEmpty();
        }
    }

    @Test
    void anUnknownTemplateIsNamed() {
        assertThat(refused(shared.limactl("create", "template:nosuch")))
                .contains(
                        "there is no template \\\"nosuch\\\"",
                        "looked in " + shared.path + "/_templates",
                        "Hint: limactl start --list-templates");
        assertThat(refused(shared.limactl("create", "template:debain")))
                .contains("there is no template \\\"debain\\\"", "Hint: did you mean template:debian");
        assertThat(refused(shared.limactl("create", shared.path + "/nosuch.yaml")))
                .contains("there is no file " + shared.path + "/nosuch.yaml");
        assertThat(shared.good("list", "-q").out()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"a b", "../up", "a/b", ".hidden", "_own", "a..b", "ä", "-", "x.yaml", "X.YML", ""})
    void aBadNameIsRefused(String name) throws IOException {
        shared.write("bad.lima.yaml", guest.yaml());
        String words = refused(shared.limactl("create", "--name=" + name, shared.path + "/bad.lima.yaml"));
        assertThat(words).contains("instance name `" + name + "`", "Hint: ");
        assertNothingMade(shared);
    }

    @Test
    void aNameThatIsTooLongIsRefused() throws IOException {
        shared.write("bad.lima.yaml", guest.yaml());
        String file = shared.path + "/bad.lima.yaml";
        assertThat(refused(shared.limactl("create", "--name", "x".repeat(77), file)))
                .contains("at most 76 characters");
        assertThat(refused(shared.limactl("create", "--name", "x".repeat(76), file)))
                .contains("too long for sockets in " + shared.path, "characters shorter", "shorter LIMA_HOME");
        assertNothingMade(shared);
    }

    @Test
    void aLimaHomeTooLongForSocketsIsRefused() throws IOException {
        try (Home home = guest.home()) {
            Path deep = home.path.resolve("d".repeat(90));
            home.with("LIMA_HOME", deep.toString());
            assertThat(refused(home.limactl("list"))).contains(deep.toString(), "too long", "shorter LIMA_HOME");
            assertThat(deep).doesNotExist();
        }
    }

    @Test
    void faultsInYamlAreShownWithFileLineAndColumn() throws IOException {
        record Fault(String text, String place, String word) {}
        for (Fault fault : List.of(
                new Fault("cpus: 2\nmemory: [1\n", ":2:9", ""),
                new Fault("cpus: 2\n  memory: 1GiB\n", ":2:", ""),
                new Fault("cpus: 2\nmemory: lots\n", ":2:9", "memory"),
                new Fault("images:\n- location: /x\n  arch: vax\n", ":3:9", "arch"),
                new Fault("mountType: carrier-pigeon\n", ":1:12", "mountType"))) {
            Path file = shared.write("faulty.yaml", fault.text());
            String words = refused(shared.limactl("create", "--name", "faulty", file.toString()));
            assertThat(words).contains(file + fault.place()).contains(fault.word());
        }
        assertNothingMade(shared);
    }

    @Test
    void anInstanceWhoseFileIsSpoiltIsShownAndRefused() throws IOException {
        try (Home home = guest.home()) {
            guest.create(home, "a");
            Path file = home.path.resolve("a/lima.yaml");
            String before = Files.readString(file);
            Files.writeString(file, "cpus: 1\nmemory: [\n");
            assertThat(home.status("a")).isEqualTo("Broken");
            assertThat(home.limactl("list").err()).contains("a/lima.yaml:2:");
            assertThat(refused(home.limactl("start", "a"))).contains(file + ":2:", "Mend");
            Files.writeString(file, before);
            assertThat(home.status("a")).isEqualTo("Stopped");
        }
    }

    @Test
    void unknownFlagsCommandsAndCountsAreRefused() {
        assertThat(refused(shared.limactl("list", "--nosuch"))).contains("unknown flag: --nosuch");
        assertThat(refused(shared.limactl("list", "-z"))).contains("'z' in -z");
        assertThat(refused(shared.limactl("--nosuch", "list"))).contains("unknown flag: --nosuch");
        assertThat(refused(shared.limactl("strat"))).contains("unknown command", "strat", "Did you mean this? start");
        assertThat(refused(shared.limactl("xyzzy"))).contains("unknown command", "xyzzy", "limactl --help");
        assertThat(refused(shared.limactl("delete"))).contains("requires at least 1", "limactl delete --help");
        assertThat(refused(shared.limactl("start", "a", "b"))).contains("received 2", "limactl start --help");
        assertThat(refused(shared.limactl("info", "x"))).contains("accepts 0 arg(s)");
        assertThat(refused(shared.limactl("start", "--timeout", "soon", "a"))).contains("soon");
        assertThat(refused(shared.limactl("start", "--timeout"))).contains("needs an argument: --timeout");
        assertThat(refused(shared.limactl("list", "--format", "xml"))).contains("`xml`", "Use table, json, yaml");
        assertThat(refused(shared.limactl("--log-level", "loud", "list"))).contains("`loud`", "Use trace");
        assertThat(refused(shared.limactl("create", "--name", "one", "two"))).contains("Give the name once");
    }

    // The host's programs

    /** A mount by virtiofs, refused before anything is made. */
    private static String refusedByVirtiofs(Home home, String mount, String before) {
        Path file = home.write("v.yaml", """
                images: [{location: "/dev/null", arch: "x86_64"}]
                mountType: virtiofs
                mounts: [{location: %s%s}]
                """.formatted(home.path, mount));
        String words = refused(home.shell(before + home.program() + " create --tty=false --name v " + file));
        assertThat(home.path.resolve("v")).doesNotExist();
        return words;
    }

    @Test
    void whatVirtiofsCannotDoIsRefused() throws IOException {
        try (Home home = guest.home()) {
            for (String size : List.of("0", "1", "3", "1000", "2048", "-2", "many")) {
                assertThat(refusedByVirtiofs(home, ", virtiofs: {queueSize: " + size + "}", ""))
                        .contains("queueSize", size);
            }
            home.write("file", "");
            assertThat(refusedByVirtiofs(home, "/file", "")).contains(home.path + "/file");
            for (String point : List.of("/", "/usr", "/etc/", "/var/../bin", "relative")) {
                assertThat(refusedByVirtiofs(home, ", mountPoint: " + point, ""))
                        .contains(point);
            }
            assertThat(refusedByVirtiofs(home, "", "VIRTIOFSD=/no/such/virtiofsd "))
                    .contains("virtiofsd is not on this host", "/no/such/virtiofsd", "Install it", "reverse-sshfs");
        }
    }

    /** In a user namespace of its own, where even root is nobody. */
    @Test
    void theVirtiofsdOfQemuIsForRootOnly() throws IOException {
        Path program = Path.of("/usr/lib/qemu/virtiofsd");
        assumeTrue(Files.exists(program), "the one of QEMU before 8.0");
        try (Home home = guest.home()) {
            assertThat(refusedByVirtiofs(home, "", "VIRTIOFSD=" + program + " unshare -U "))
                    .contains(program + " serves directories for root only", "VIRTIOFSD", "9p or reverse-sshfs");
        }
    }

    /** Everything that is on PATH, but no QEMU. */
    private static String pathWithoutQemu(Home home) throws IOException {
        Path programs = Files.createDirectories(home.path.resolve("_programs"));
        Result result = home.shell("for f in /usr/bin/* /bin/*; do case ${f##*/} in qemu-*) ;; *) " + "[ -e " + programs
                + "/${f##*/} ] || echo \"$f\" ;; esac; done | xargs ln -sft " + programs);
        assertThat(result.code()).as(result.all()).isZero();
        return programs.toString();
    }

    @Test
    void aHostWithoutQemuIsToldWhatToInstall() throws IOException {
        try (Home home = guest.home()) {
            guest.create(home, "a");
            home.with("PATH", pathWithoutQemu(home));
            assertThat(refused(home.limactl("start", "a")))
                    .contains("no qemu-system-x86_64 on this host", "apt-get install qemu-system-x86");
            assertThat(home.status("a")).isEqualTo("Stopped");
            home.write("b.yaml", guest.yaml());
            assertThat(refused(home.limactl("start", "--name", "b", home.path + "/b.yaml")))
                    .contains("qemu", "nstall");
            assertThat(home.path.resolve("b")).doesNotExist();
        }
    }

    @Test
    void theWordsOfAQemuThatEndsAtOnceAreShown() throws IOException {
        try (Home home = guest.home()) {
            guest.create(home, "a");
            Path woe = script(
                    home,
                    "woe",
                    "case \"$*\" in *-pidfile*) echo 'woe: no such dream' >&2; exit 3 ;; esac\n"
                            + "exec qemu-system-x86_64 \"$@\"\n");
            home.with("QEMU_SYSTEM_X86_64", woe.toString());
            assertThat(refused(home.limactl("start", "a")))
                    .contains("ended at once, with exit code 3", "woe: no such dream", home.path + "/a/qemu.log");
            assertThat(home.status("a")).isEqualTo("Stopped");
            assertThat(home.path.resolve("a/qemu.pid")).doesNotExist();
            assertThat(home.path.resolve("a/qemu.identity")).doesNotExist();
            home.with("QEMU_SYSTEM_X86_64", "/no/such/qemu");
            assertThat(refused(home.limactl("start", "a"))).contains("/no/such/qemu", "QEMU_SYSTEM_X86_64");
            home.with("QEMU_SYSTEM_X86_64", null);
            assertThat(isAlive(SilentGuest.run(home, "a"))).isTrue();
        }
    }

    /** A device on a file system without devices cannot be opened by anybody, root included. */
    @Test
    void aForbiddenKvmIsSaidAndDoneWithout() {
        try (Home home = guest.home()) {
            guest.create(home, "a");
            home.good("daemon", "stop");
            String dev = home.path + "/_dev";
            String script = "mkdir " + dev + "; mount -t tmpfs none " + dev + "; cd " + dev
                    + "; for d in null zero full random urandom; do : >$d; mount --bind /dev/$d $d; done; "
                    + ": >kvm; mount --bind /dev/null kvm; mount -o remount,bind,nodev kvm; "
                    + "ln -s /proc/self/fd fd; mkdir shm; cd /; mount --rbind " + dev + " /dev; exec "
                    + home.program() + " start a";
            try (Running start = new Running(home.process(List.of("unshare", "-rm", "sh", "-ec", script)))) {
                assertThat(start.says(WAITING).signal("TERM").end().err())
                        .contains("permission to open /dev/kvm is denied", "usermod -aG kvm", "TCG");
            }
        }
    }

    @Test
    void aPortThatIsTakenIsNamed() throws IOException {
        try (Home home = guest.home()) {
            try (ServerSocket holder = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
                int port = holder.getLocalPort();
                guest.create(home, "a", "ssh: {localPort: " + port + "}");
                assertThat(refused(home.limactl("start", "a")))
                        .contains("port " + port, "already taken", "ssh.localPort", "ss -ltnp");
                assertThat(home.status("a")).isEqualTo("Stopped");
            }
            assertThat(isAlive(SilentGuest.run(home, "a"))).isTrue();
        }
    }

    // Room

    @Test
    void aDiskSmallerThanTheImageIsRefused() throws IOException {
        try (Home home = guest.home()) {
            home.write("a.yaml", SilentGuest.yaml(guest.image(200 << 20).toString(), ""));
            assertThat(refused(home.limactl("create", "--name", "a", home.path + "/a.yaml")))
                    .contains("200", "100", "Set disk: in lima.yaml to \"200MiB\" or more");
            assertNothingMade(home);
        }
    }

    /** Runs a command where a directory is a file system of 4 MiB, and shows what it has left there. */
    private static Result inSmallRoom(Home home, String room, String command) {
        return home.shell("unshare -rm sh -c 'mkdir -p " + room + " && mount -t tmpfs -o size=4m none " + room
                + " || exit 9; "
                + command + "; code=$?; find " + room + " -type f -size +0 ! -path \"*/_daemon/*\" >&3; exit $code' 3>"
                + home.path + "/left");
    }

    private static byte[] noise() {
        byte[] noise = new byte[16 << 20];
        new java.util.Random(1).nextBytes(noise);
        return noise;
    }

    /** With and without the length that tells beforehand. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aDiskThatIsFullWhileDownloadingIsSaid(boolean foreseen) throws IOException {
        try (Home home = Home.create();
                WebServer server = foreseen ? WebServer.serving(noise()) : WebServer.servingWithoutLength(noise())) {
            String room = home.path + "/_room";
            home.with("XDG_CACHE_HOME", room).with("_JLIMA_TRAINING", "1");
            home.write("a.yaml", SilentGuest.yaml(server.address("big.raw"), ""));
            String words =
                    refused(inSmallRoom(home, room, home.program() + " create --name a " + home.path + "/a.yaml"));
            assertThat(words)
                    .contains("big.raw", "The disk is full: no room for", room, "Needed: at least", "Hint: Make");
            assertThat(words.contains("(No space left on device)")).isEqualTo(!foreseen);
            assertThat(home.path.resolve("a")).doesNotExist();
            assertThat(home.path.resolve("left")).content().doesNotContain("/data", ".part", ".tmp");
        }
    }

    @Test
    void aDiskThatIsFullWhileCreatingIsSaid() throws IOException {
        try (Home home = guest.home()) {
            String room = home.path + "/h";
            Files.write(home.path.resolve("noise.raw"), noise());
            home.with("LIMA_HOME", room);
            home.write("a.yaml", SilentGuest.yaml(home.path + "/noise.raw", ""));
            Result result = inSmallRoom(
                    home,
                    room,
                    home.program() + " create --name a " + home.path + "/a.yaml; code=$?; ls -A " + room + " >"
                            + home.path + "/entries; " + home.program() + " daemon stop; (exit $code)");
            String words = refused(result);
            assertThat(words)
                    .contains(room + "/a")
                    .containsPattern("(?i)no space|not enough|disk.* full")
                    .contains("Hint: ");
            assertThat(Files.readAllLines(home.path.resolve("entries")))
                    .isSubsetOf("_daemon", "_config")
                    .isNotEmpty();
        }
    }

    @Test
    void aLimaHomeThatCannotBeWrittenToIsSaid() throws IOException {
        try (Home home = guest.home()) {
            Result cold = home.shell("unshare -rm sh -c 'mount --bind " + home.path + " " + home.path
                    + " && mount -o remount,bind,ro " + home.path + " || exit 9; exec " + home.program() + " list'");
            assertThat(refused(cold)).contains("LIMA_HOME " + home.path, "Read-only file system");
            // What lies there may be somebody else's, of an earlier life as root for example.
            Path log = Files.createDirectories(home.path.resolve("_daemon/log"));
            assertThat(refused(home.limactl("list")))
                    .contains("LIMA_HOME " + home.path + " cannot be written to: ", "directory");
            Files.delete(log);
            home.write("a.yaml", guest.yaml());
            Result warm = home.shell("unshare -rm sh -c '" + home.program() + " list; mount --bind " + home.path + " "
                    + home.path + " && mount -o remount,bind,ro " + home.path + " || exit 9; exec " + home.program()
                    + " create --name a " + home.path + "/a.yaml'");
            // The mount is the namespace's own, and that daemon has no business outside of it.
            assertThat(refused(warm)).contains("Read-only file system", "Set LIMA_HOME to a directory");
            assertThat(home.path.resolve("a")).doesNotExist();
        }
    }

    // At the same moment

    @Test
    void twoStartsAtOnceShareOneMachine() {
        try (Home home = guest.home()) {
            guest.create(home, "a");
            try (Running one = home.running("start", "a");
                    Running two = home.running("start", "a")) {
                one.says("`a`");
                two.says("`a`");
                eventually("the machine runs", () -> (one.err() + two.err()).contains(WAITING));
                assertThat(one.err() + two.err()).containsOnlyOnce("joining it");
                assertThat(machines(home)).hasSize(1);
                Home.kill(home.machinePid("a"));
                Result first = one.end();
                Result second = two.end();
                assertThat(refused(first)).contains("ended while it was starting");
                assertThat(refused(second)).contains("ended while it was starting");
            }
            assertThat(machines(home)).isEmpty();
        }
    }

    @Test
    void anInstanceThatStartsIsNotDeletedUnlessByForce() {
        try (Home home = guest.home()) {
            guest.create(home, "a");
            try (Running start = home.running("start", "a")) {
                start.says(WAITING);
                long machine = home.machinePid("a");
                assertThat(refused(home.limactl("delete", "a"))).contains("Starting", "limactl stop a", "--force");
                assertThat(isAlive(machine)).isTrue();
                assertThat(start.isAlive()).isTrue();
                home.good("delete", "-f", "a");
                assertThat(isAlive(machine)).isFalse();
                assertThat(home.path.resolve("a")).doesNotExist();
                assertThat(refused(start.end())).contains("cancelled");
            }
            assertThat(home.good("list", "-q").out()).isEmpty();
        }
    }

    @Test
    void anInstanceOfThatNameIsNotMadeTwice() throws IOException {
        try (Home home = guest.home();
                WebServer server = WebServer.stallingAfter(64 << 10)) {
            guest.create(home, "a");
            String file = home.path + "/a.lima.yaml";
            assertThat(refused(home.limactl("create", "--name", "a", file)))
                    .contains("`a` already exists", "limactl start a");
            Path slow = home.write("slow.yaml", SilentGuest.yaml(server.address("slow.raw"), ""));
            try (Running create = home.running("create", "--name", "b", slow.toString())) {
                create.says("slow.raw");
                assertThat(refused(home.limactl("create", "--name", "b", file)))
                        .contains("`b` is being created by another command");
            }
        }
    }

    @Test
    void ctrlCBeforeTheMachineRunsCancelsTheStart() throws IOException {
        try (Home home = guest.home()) {
            guest.create(home, "a");
            Path slow = script(
                    home,
                    "slow",
                    "case \"$*\" in *-pidfile*) : >" + home.path
                            + "/reached; exec sleep 300 ;; esac\nexec qemu-system-x86_64 \"$@\"\n");
            home.with("QEMU_SYSTEM_X86_64", slow.toString());
            try (Running start = home.running("start", "a")) {
                start.says("Starting the machine");
                eventually("QEMU is called", () -> Files.exists(home.path.resolve("reached")));
                assertThat(home.status("a")).isEqualTo("Starting");
                Result end = start.interrupt().end();
                assertThat(end.code()).as(end.all()).isEqualTo(130);
                assertThat(end.err()).contains("was cancelled; nothing is left running");
            }
            assertThat(home.status("a")).isEqualTo("Stopped");
            assertThat(home.path.resolve("a/qemu.pid")).doesNotExist();
            assertThat(home.path.resolve("a/qemu.identity")).doesNotExist();
            assertThat(home.shell("pgrep -fx 'sleep 300' | while read -r p; do grep -zx LIMA_HOME=" + home.path
                                    + " /proc/$p/environ; done")
                            .out())
                    .isEmpty();
            home.with("QEMU_SYSTEM_X86_64", null);
            assertThat(isAlive(SilentGuest.run(home, "a"))).isTrue();
        }
    }

    // A daemon that dies in the middle

    private static void assertOneMachineWaits(Home home, String... command) throws IOException {
        Path log = home.path.resolve("_daemon/log");
        long before = waits(log);
        try (Running again = home.running(command)) {
            eventually("the start waits for the guest", () -> {
                assertThat(again.isAlive()).as(again.err()).isTrue();
                return waits(log) > before;
            });
            assertThat(again.interrupt().end().code()).isEqualTo(130);
        }
        assertThat(machines(home)).hasSize(1);
        assertThat(machines(home).getFirst().pid()).isEqualTo(home.machinePid("a"));
        assertNothingTemporary(home.path.resolve("a"));
        home.good("delete", "-f", "a");
        assertThat(machines(home)).isEmpty();
        assertNothingMade(home);
    }

    /** How often a start has come to its wait for the guest. */
    private static long waits(Path log) {
        try {
            return Files.readAllLines(log).stream()
                    .filter(line -> line.contains("StepBegun") && line.contains(WAITING))
                    .count();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Using the existing instance",
                "Writing the guest's configuration",
                "Starting the machine",
                "SSH Local Port",
                WAITING
            })
    void aStartWhoseDaemonIsKilledCanBeGivenAgain(String step) throws IOException {
        try (Home home = guest.home()) {
            guest.create(home, "a");
            try (Running start = home.running("start", "a")) {
                start.says(step);
                home.killDaemon();
                assertThat(refused(start.end())).contains("virtual machines are not affected", "limactl daemon log");
            }
            assertOneMachineWaits(home, "start", "a");
        }
    }

    @Test
    void aDaemonKilledWhileDownloadingLeavesNoInstance() throws IOException {
        try (Home home = guest.home();
                WebServer server = WebServer.stallingAfter(64 << 20)) {
            Path file = home.write("a.yaml", SilentGuest.yaml(server.address("image.raw"), ""));
            try (Running start = home.running("start", "--name", "a", file.toString())) {
                start.says("image.raw");
                server.awaitAsked();
                home.killDaemon();
                refused(start.end());
            }
            assertThat(home.good("list", "-q").out()).isEmpty();
            server.goesOn();
            assertOneMachineWaits(home, "start", "--name", "a", file.toString());
        }
    }

    /** Killed while the disk is made: the instance is there, and the start makes its disk anew. */
    @Test
    void aDaemonKilledWhileCreatingTheDiskLosesNothing() throws IOException {
        try (Home home = guest.home()) {
            Path file = home.write("a.yaml", guest.yaml());
            Path mine = Files.createDirectories(home.path.resolve("_programs"));
            script(
                    home,
                    "_programs/qemu-img",
                    "if [ \"$1\" = create ] && mkdir " + home.path + "/_once 2>/dev/null; then : >" + home.path
                            + "/reached; exec sleep 20; fi\nPATH=/usr/local/bin:/usr/bin:/bin exec qemu-img \"$@\"\n");
            home.with("PATH", mine + ":" + home.environment().get("PATH"));
            try (Running start = home.running("start", "--name", "a", file.toString())) {
                eventually("qemu-img is called", () -> Files.exists(home.path.resolve("reached")));
                home.killDaemon();
                refused(start.end());
            }
            assertThat(home.shell("rm -r " + mine + " " + home.path + "/_once").code())
                    .isZero();
            assertThat(refused(home.limactl("start", "--name", "a", file.toString())))
                    .contains("`a` already exists", "Start it with `limactl start a`");
            assertOneMachineWaits(home, "start", "a");
        }
    }

    /** Killed when QEMU was called, but had not opened its monitor yet: no second one is put on its disk. */
    @Test
    void aDaemonKilledWhileQemuStartsMeetsItAgain() throws IOException {
        try (Home home = guest.home()) {
            guest.create(home, "a");
            Path slow = script(
                    home,
                    "slow",
                    "case \"$*\" in *-pidfile*) : >" + home.path + "/reached; until [ -e " + home.path
                            + "/go ]; do sleep 0.05; done ;; esac\nexec qemu-system-x86_64 \"$@\"\n");
            home.with("QEMU_SYSTEM_X86_64", slow.toString());
            try (Running start = home.running("start", "a")) {
                eventually(
                        "QEMU is called",
                        () -> Files.exists(home.path.resolve("reached"))
                                && Files.exists(home.path.resolve("a/qemu.identity")));
                home.killDaemon();
                refused(start.end());
            }
            // A daemon that comes meanwhile knows it by our record: there is nobody to ask yet.
            assertThat(home.status("a")).isEqualTo("Starting");
            home.killDaemon();
            home.write("go", "");
            assertOneMachineWaits(home, "start", "a");
        }
    }
}
