// SPDX-License-Identifier: Apache-2.0
package io.jlima.itests;

import static io.jlima.itests.Home.eventually;
import static io.jlima.itests.Home.isAlive;
import static io.jlima.itests.Programs.script;
import static org.assertj.core.api.Assertions.assertThat;

import io.jlima.itests.Home.Result;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import org.junit.jupiter.api.Test;

/** The daemon behind limactl, each time from a cold start: nobody should notice that it is there. */
class DaemonIT extends OnSilentGuest {
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
            script(home, "_programs/systemd-run", """
                    while :; do
                        case $1 in
                            -*) echo "$1" >>%s; shift ;;
                            *) exec "$@" ;;
                        esac
                    done
                    """.formatted(home.path.resolve("_options")));
            home.with("XDG_RUNTIME_DIR", home.path.resolve("_run").toString());
            try (ServerSocketChannel manager = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
                manager.bind(UnixDomainSocketAddress.of(run.resolve("private")));
                Result result = home.shell("unshare -rm sh -c 'mount -t tmpfs none /var/lib && "
                        + "mkdir -p /var/lib/systemd/linger && : >/var/lib/systemd/linger/$(id -un) && "
                        + "mount --bind " + home.path + "/_programs /usr/local/bin && " + home.program() + " list -q'");
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
}
