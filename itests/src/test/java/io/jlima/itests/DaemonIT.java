// SPDX-License-Identifier: Apache-2.0
package io.jlima.itests;

import static io.jlima.itests.Home.eventually;
import static io.jlima.itests.Home.isAlive;
import static org.assertj.core.api.Assertions.assertThat;

import io.jlima.itests.Home.Result;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The daemon behind limactl, each time from a cold start: nobody should notice that it is there. */
class DaemonIT {
    private static SilentGuest guest;

    @BeforeAll
    static void makeGuest() {
        guest = new SilentGuest();
    }

    @AfterAll
    static void removeGuest() throws IOException {
        guest.close();
    }

    // Whose environment

    @Test
    void aDownloadTakesTheCallersProxy() throws IOException {
        try (Home home = guest.home();
                WebServer proxy = WebServer.serving(new byte[1 << 20])) {
            home.good("list");
            home.write("p.yaml", SilentGuest.yaml("http://images.invalid/disk.raw", ""));
            home.with("http_proxy", "http://127.0.0.1:" + proxy.port()).with("no_proxy", null);
            home.good("create", "--name", "p", home.path + "/p.yaml");
            assertThat(proxy.asked()).contains("http://images.invalid/disk.raw");
        }
    }

    // Caches

    /** Whoever starts the daemon, a native client too, the training has all that its JVMs need. */
    @Test
    void aTrainingMakesBothCachesAndLeavesNothing() throws IOException {
        try (Home home = guest.home()) {
            Path caches = Files.createDirectory(home.path.resolve("_caches"));
            home.with("_JLIMA_PREFIX", Home.DISTRIBUTION.toString())
                    .with(
                            "_JLIMA_VERSION",
                            Files.readString(Home.DISTRIBUTION.resolve("lib/version"))
                                    .strip())
                    .with("_JLIMA_JAVA", System.getProperty("java.home"))
                    .with("_JLIMA_AOT", caches.resolve("v").toString());
            Result training = home.shell("exec /bin/sh " + Home.DISTRIBUTION + "/lib/train.sh");
            assertThat(training.code()).as(training.all()).isZero();
            assertThat(training.err()).doesNotContain("limactl: ");
            assertThat(caches.resolve("v/client.aot")).isNotEmptyFile();
            assertThat(caches.resolve("v/daemon.aot")).isNotEmptyFile();
            try (Stream<Path> left = Files.list(caches)) {
                assertThat(left).containsExactly(caches.resolve("v"));
            }
        }
    }

    // Sessions

    /** Session of a process, see proc_pid_stat(5): the fourth field behind the name. */
    private static long session(long pid) throws IOException {
        String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
        return Long.parseLong(stat.substring(stat.lastIndexOf(')') + 2).split(" ")[3]);
    }

    @Test
    void daemonAndMachineHaveSessionsOfTheirOwn() throws IOException {
        try (Home home = guest.home()) {
            guest.create(home, "a");
            long machine = SilentGuest.run(home, "a");
            assertThat(session(home.daemonPid())).isEqualTo(home.daemonPid());
            assertThat(session(machine)).isEqualTo(machine);
        }
    }

    /** Where the user's manager outlives a login, the daemon is put in a scope of it. */
    @Test
    void theDaemonLivesInAScopeOfTheUsersManager() throws IOException {
        try (Home home = guest.home()) {
            Path run = Files.createDirectories(home.path.resolve("_run/systemd"));
            Path programs = Files.createDirectories(home.path.resolve("_programs"));
            Path systemdRun = programs.resolve("systemd-run");
            Files.writeString(systemdRun, """
                            #!/bin/sh
                            while :; do
                                case $1 in
                                    -*) echo "$1" >>%s; shift ;;
                                    *) exec "$@" ;;
                                esac
                            done
                            """.formatted(home.path.resolve("_options")));
            Files.setPosixFilePermissions(systemdRun, PosixFilePermissions.fromString("rwxr-xr-x"));
            home.with("XDG_RUNTIME_DIR", home.path.resolve("_run").toString());
            try (ServerSocketChannel manager = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
                manager.bind(UnixDomainSocketAddress.of(run.resolve("private")));
                Result result = home.shell("unshare -rm sh -c 'mount -t tmpfs none /var/lib && "
                        + "mkdir -p /var/lib/systemd/linger && : >/var/lib/systemd/linger/$(id -un) && "
                        + "mount --bind " + programs + " /usr/local/bin && " + home.program() + " list -q'");
                assertThat(result.code()).as(result.all()).isZero();
            }
            assertThat(home.path.resolve("_options")).content().contains("--user\n", "--scope\n");
            assertThat(session(home.daemonPid())).isEqualTo(home.daemonPid());
        }
    }

    /** Where there is no such manager, and the host ends what a login leaves behind, it is said once how to prevent it. */
    @Test
    void aHostThatEndsMachinesAtLogoutIsSaid() {
        try (Home home = guest.home()) {
            String etc = home.path + "/_etc";
            String script = "cp -rL /etc " + etc + " 2>/dev/null; mkdir -p " + etc + "/systemd; "
                    + "printf \"[Login]\\n KillUserProcesses = yes\\n\" >" + etc + "/systemd/logind.conf; "
                    + "mount --bind " + etc + " /etc && " + home.program() + " list -q && " + home.program()
                    + " list -q";
            Result result = home.with("XDG_RUNTIME_DIR", null).shell("unshare -rm sh -c '" + script + "'");
            assertThat(result.code()).as(result.all()).isZero();
            assertThat(result.out()).isEmpty();
            assertThat(result.err()).containsOnlyOnce("loginctl enable-linger");
        }
    }

    // What makes it quick

    /** The first command of a build has the JVMs write down what they have learnt, for all later ones of the user. */
    @Test
    void theJvmsAreTrainedInTheBackground() throws IOException {
        try (Home home = Home.create()) {
            Path caches = home.path.resolve("_cache/lima/aot");
            // One for each build and place.
            Path mine = caches.resolve(
                    Files.readString(Home.DISTRIBUTION.resolve("lib/version")).strip()
                            + Home.DISTRIBUTION.toRealPath().toString().replace('/', '%'));
            // What is done in the background waits for an idle machine; the test does not.
            Path nice = Files.createDirectories(home.path.resolve("_programs")).resolve("nice");
            Files.writeString(nice, "#!/bin/sh\nshift 2\nexec \"$@\"\n");
            Files.setPosixFilePermissions(nice, PosixFilePermissions.fromString("rwxr-xr-x"));
            home.with("PATH", nice.getParent() + ":" + home.environment().get("PATH"));
            home.with("XDG_CACHE_HOME", home.path + "/_cache").good("list", "-q");
            eventually(
                    "the caches are there and nothing else",
                    () -> content(caches).equals(List.of(mine)));
            assertThat(content(mine)).containsExactlyInAnyOrder(mine.resolve("client.aot"), mine.resolve("daemon.aot"));
            home.good("daemon", "stop");
            Result result = home.good("list", "-q");
            assertThat(result.out()).isEmpty();
            assertThat(Path.of("/proc/" + home.daemonPid() + "/maps"))
                    .as("what the next daemon has in its memory")
                    .content()
                    .contains(mine + "/daemon.aot");
        }
    }

    private static List<Path> content(Path folder) {
        try (Stream<Path> entries = Files.list(folder)) {
            return entries.sorted().toList();
        } catch (IOException e) {
            return List.of();
        }
    }

    // One daemon

    @Test
    void twoHomesLiveSideBySide() {
        try (Home one = guest.home();
                Home two = guest.home()) {
            guest.create(one, "same");
            guest.create(two, "same");
            long first = SilentGuest.run(one, "same");
            long second = SilentGuest.run(two, "same");
            assertThat(one.daemonPid()).isNotEqualTo(two.daemonPid());
            assertThat(first).isNotEqualTo(second);
            one.good("delete", "-f", "same");
            assertThat(isAlive(first)).isFalse();
            assertThat(isAlive(second)).isTrue();
            assertThat(two.status("same")).isEqualTo("Starting");
        }
    }

    /** Whatever keeps it from listening: nobody waits for a daemon that will never answer, and none is left. */
    @Test
    void aDaemonThatCannotServeSaysWhyAndEnds() throws IOException {
        try (Home home = guest.home()) {
            Path socket = home.path.resolve("_daemon/sock");
            Files.createDirectories(socket.resolve("in-the-way"));
            Result result = home.limactl("list");
            assertThat(result.code()).as(result.all()).isEqualTo(1);
            assertThat(result.out()).isEmpty();
            assertThat(result.err())
                    .contains("the daemon does not answer", "Cannot listen on " + socket, "no bundle serves commands");
            eventually("it has ended", () -> !home.hasDaemon());
            Files.delete(socket.resolve("in-the-way"));
            home.good("list");
        }
    }

    @Test
    void theBundleCacheMayGoAtAnyTime() {
        try (Home home = guest.home()) {
            guest.create(home, "a");
            removeCache(home);
            long machine = SilentGuest.run(home, "a");
            assertThat(home.good("info").out()).contains("limaHome");
            home.good("daemon", "stop");
            removeCache(home);
            assertThat(home.status("a")).isEqualTo("Starting");
            home.killDaemon();
            // What is half there, or not even a directory, is no hindrance either.
            assertThat(home.shell("cd " + home.path + "/_daemon/cache && for f in */*/bundle.info; do echo x >$f; done")
                            .code())
                    .isZero();
            assertThat(home.status("a")).isEqualTo("Starting");
            home.killDaemon();
            removeCache(home);
            home.write("_daemon/cache", "no directory");
            assertThat(home.status("a")).isEqualTo("Starting");
            assertThat(home.machinePid("a")).isEqualTo(machine);
        }
    }

    private static void removeCache(Home home) {
        assertThat(home.shell("rm -rf " + home.path + "/_daemon/cache").code()).isZero();
    }

    /** By one line, by lines on standard input, and with our own commands among the framework's. */
    @Test
    void theConsoleIsTheShellOfTheRunningFramework() {
        try (Home home = guest.home()) {
            guest.create(home, "a");
            assertThat(home.good("console", "lb", "-s").out()).contains("Active", "|io.jlima.core ");
            Result lines = home.limactlFed("lima:list -q\nlb -s\nexit\nlima:delete a\n", "console");
            assertThat(lines.code()).as(lines.all()).isZero();
            assertThat(lines.out()).startsWith("a\n").contains("|io.jlima.cli ");
            Result unknown = home.limactl("console", "nosuch");
            assertThat(unknown.code()).isEqualTo(1);
            assertThat(unknown.err()).contains("nosuch");
            assertThat(home.good("list", "-q").out()).isEqualTo("a\n");
        }
    }

    /** A bundle that has a name and nothing else. */
    private static Path bundle(Home home) throws IOException {
        Manifest manifest = new Manifest();
        manifest.getMainAttributes().putValue("Manifest-Version", "1.0");
        manifest.getMainAttributes().putValue("Bundle-ManifestVersion", "2");
        manifest.getMainAttributes().putValue("Bundle-SymbolicName", "com.acme.nothing");
        Path jar = home.path.resolve("nothing.jar");
        new JarOutputStream(Files.newOutputStream(jar), manifest).close();
        return jar;
    }

    /** The folders are the only truth about bundles: nothing comes back out of a cache. */
    @Test
    void aPluginLastsAsLongAsItsJarAndWhatTheConsoleInstallsAsLongAsTheDaemon() throws IOException {
        try (Home home = guest.home()) {
            Path jar = bundle(home);
            home.good("console", "install", "file:" + jar);
            assertThat(home.good("console", "lb", "-s").out()).contains("com.acme.nothing");
            home.good("daemon", "restart");
            assertThat(home.good("console", "lb", "-s").out()).doesNotContain("com.acme.nothing");
            Path plugin = Files.copy(
                    jar, Files.createDirectories(home.path.resolve("_plugins")).resolve("nothing.jar"));
            home.good("daemon", "restart");
            assertThat(home.good("console", "lb", "-s").out()).contains("Active", "com.acme.nothing");
            Files.delete(plugin);
            home.good("daemon", "restart");
            assertThat(home.good("console", "lb", "-s").out()).doesNotContain("com.acme.nothing");
        }
    }

    /** The next command must not meet a daemon that is about to go. */
    @Test
    void aCommandRightAfterTheEndOfADaemonIsServed() {
        try (Home home = guest.home()) {
            for (int i = 0; i < 6; i++) {
                Result result = home.shell(home.program() + " list -q && " + home.program() + " daemon stop && "
                        + home.program() + " list -q");
                assertThat(result.code()).as(result.all()).isZero();
            }
        }
    }

    @Test
    void anIdleDaemonEndsUnlessAMachineRuns() {
        try (Home home = guest.home().with("JLIMA_IDLE", "1")) {
            guest.create(home, "a");
            long machine = SilentGuest.run(home, "a");
            long daemon = home.daemonPid();
            long begun = System.nanoTime();
            // Three times its limit, counted by its own log: it looks again each second.
            eventually("3 s have passed", () -> System.nanoTime() - begun > 3_000_000_000L);
            assertThat(isAlive(daemon)).isTrue();
            Home.kill(machine);
            eventually("the daemon has gone", () -> !isAlive(daemon));
            assertThat(home.path.resolve("_daemon/sock")).doesNotExist();
            assertThat(home.path.resolve("_daemon/log")).content().contains("no machine runs");
            assertThat(home.status("a")).isEqualTo("Stopped");
        }
    }

    // Adoption: the guest of these tests never answers, so its start goes on under each daemon and never ends.

    @Test
    void theHostAgentsFilesDoNotOutliveACrash() {
        try (Home home = guest.home()) {
            guest.create(home, "a");
            long machine = SilentGuest.run(home, "a");
            home.killDaemon();
            Home.kill(machine);
            assertThat(home.path.resolve("a/ha.pid")).exists();
            assertThat(home.status("a")).isEqualTo("Stopped");
            assertThat(home.path.resolve("a/ha.pid")).doesNotExist();
            assertThat(home.path.resolve("a/ha.sock")).doesNotExist();
        }
    }

    @Test
    void aMachineOutlivesItsDaemonAndIsAdopted() throws IOException {
        try (Home home = guest.home()) {
            guest.create(home, "a");
            long machine = SilentGuest.run(home, "a");
            long first = home.daemonPid();
            home.killDaemon();
            assertThat(isAlive(machine)).isTrue();
            assertThat(home.status("a")).isEqualTo("Starting");
            assertThat(home.daemonPid()).isNotEqualTo(first);
            assertThat(home.machinePid("a")).isEqualTo(machine);
            assertThat(home.path.resolve("a/ha.pid")).content().isEqualTo(home.daemonPid() + "\n");
            try (SocketChannel agent = SocketChannel.open(UnixDomainSocketAddress.of(home.path.resolve("a/ha.sock")))) {
                assertThat(agent.isConnected()).isTrue();
            }
            try (Running again = home.running("start", "a")) {
                eventually("the start goes on", () -> home.status("a").equals("Starting"));
                assertThat(again.interrupt().end().code()).isEqualTo(130);
            }
            assertThat(home.machinePid("a")).as("no second machine").isEqualTo(machine);
            assertThat(isAlive(machine)).isTrue();
            home.good("stop", "-f", "a");
            assertThat(isAlive(machine)).isFalse();
        }
    }

    @Test
    void whatACrashLeftBehindIsNoHindrance() {
        try (Home home = guest.home()) {
            guest.create(home, "a");
            long machine = SilentGuest.run(home, "a");
            home.killDaemon();
            Home.kill(machine);
            assertThat(home.path.resolve("a/qemu.pid")).exists();
            assertThat(home.path.resolve("a/qmp.sock")).exists();
            assertThat(home.path.resolve("_daemon/sock")).exists();
            assertThat(home.status("a")).isEqualTo("Stopped");
            assertThat(home.path.resolve("a/qemu.pid")).doesNotExist();
            assertThat(home.path.resolve("a/qmp.sock")).doesNotExist();
            assertThat(SilentGuest.run(home, "a")).isNotEqualTo(machine);
            assertThat(home.status("a")).isEqualTo("Starting");
        }
    }

    /** The pid of the machine was given to somebody else since; so was the daemon's. */
    @Test
    void anotherProcessIsNotMistakenForTheMachine() throws IOException {
        try (Home home = guest.home()) {
            guest.create(home, "a");
            long machine = SilentGuest.run(home, "a");
            home.killDaemon();
            Home.kill(machine);
            Process stranger = home.process(List.of("sleep", "600"));
            try {
                Path identity = home.path.resolve("a/qemu.identity");
                Files.writeString(
                        identity,
                        Files.readString(identity).replace("pid=" + machine + "\n", "pid=" + stranger.pid() + "\n"));
                for (String file : List.of("a/qemu.pid", "a/ha.pid", "_daemon/lock")) {
                    home.write(file, stranger.pid() + "\n");
                }
                assertThat(home.status("a")).isEqualTo("Stopped");
                assertThat(home.limactl("stop", "-f", "a").err()).doesNotContain("internal");
                assertThat(stranger.isAlive()).isTrue();
                // Without our record there is only the pid file, as Lima leaves it.
                home.killDaemon();
                Files.deleteIfExists(identity);
                home.write("a/qemu.pid", stranger.pid() + "\n");
                assertThat(home.status("a")).isEqualTo("Stopped");
                home.good("delete", "-f", "a");
                assertThat(stranger.isAlive()).isTrue();
            } finally {
                stranger.destroyForcibly();
            }
        }
    }

    /** By an event: well within the time in which a command could be given by hand. */
    @Test
    void aMachineKilledFromOutsideIsStoppedAtOnce() {
        try (Home home = guest.home()) {
            guest.create(home, "started");
            guest.create(home, "adopted");
            SilentGuest.run(home, "adopted");
            home.killDaemon();
            assertThat(home.status("adopted")).isEqualTo("Starting");
            SilentGuest.run(home, "started");
            for (String name : List.of("started", "adopted")) {
                Home.kill(home.machinePid(name));
                long killed = System.nanoTime();
                eventually("ha.pid is gone", () -> !Files.exists(home.path.resolve(name + "/ha.pid")));
                assertThat(System.nanoTime() - killed).as(name).isLessThan(2_000_000_000L);
                assertThat(home.status(name)).isEqualTo("Stopped");
            }
        }
    }
}
