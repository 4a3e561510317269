// SPDX-License-Identifier: Apache-2.0
package io.jlima.itests;

import static io.jlima.itests.Home.isAlive;
import static io.jlima.itests.Programs.script;
import static io.jlima.itests.SilentGuest.WAITING;
import static org.assertj.core.api.Assertions.assertThat;

import io.jlima.itests.Home.Result;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;

/** One daemon for all callers, each of whom has an environment of their own; the same by both clients. */
@ParameterizedClass
@ValueSource(strings = {"bin/limactl", "lib/client/limactl-java"})
class ClientDaemonIT extends EitherClient {
    ClientDaemonIT(String client) {
        super(client);
    }

    // Whose environment

    /** A stand-in for QEMU that notes how it was called and becomes the real one. */
    private static Path witness(Home home, String name) throws IOException {
        return script(home, name, """
                case "$*" in
                    *-pidfile*) { env; echo "UMASK=$(umask)"; echo "CWD=$(pwd)"; } >%s.seen ;;
                esac
                export PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin
                exec qemu-system-x86_64 "$@"
                """.formatted(home.path.resolve(name)));
    }

    private static List<String> seen(Path witness) throws IOException {
        return Files.readAllLines(Path.of(witness + ".seen"));
    }

    @Test
    void everyCallersOwnEnvironmentCounts() throws IOException {
        try (Home home = home()) {
            guest.create(home, "a");
            guest.create(home, "b");
            home.good("daemon", "stop");
            for (String who : List.of("a", "b")) {
                Path witness = witness(home, "bin-" + who + "/q");
                Path here = Files.createDirectories(home.path.resolve("cwd-" + who));
                home.workingIn(here)
                        .with("QEMU_SYSTEM_X86_64", witness.toString())
                        .with("SSH_AUTH_SOCK", "/tmp/agent-of-" + who)
                        .with("https_proxy", "http://proxy-of-" + who + ":3128")
                        .with("LIMA_OF", who)
                        .with("TZ", who.equals("a") ? "Asia/Tokyo" : "America/Phoenix");
                String mask = who.equals("a") ? "027" : "077";
                String script = "umask " + mask + "; PATH=$PATH:/of-" + who + "; export PATH; exec " + home.program()
                        + " start " + who;
                try (Running start = new Running(home.process(List.of("/bin/sh", "-c", script)))) {
                    assertThat(start.says(WAITING).signal("TERM").end().err())
                            .contains(who.equals("a") ? "+09:00" : "-07:00");
                }
                assertThat(seen(witness))
                        .contains(
                                "SSH_AUTH_SOCK=/tmp/agent-of-" + who,
                                "https_proxy=http://proxy-of-" + who + ":3128",
                                "LIMA_OF=" + who,
                                "UMASK=0" + mask,
                                "CWD=" + here,
                                "TZ=" + (who.equals("a") ? "Asia/Tokyo" : "America/Phoenix"))
                        .anyMatch(line -> line.startsWith("PATH=") && line.endsWith(":/of-" + who));
            }
        }
    }

    @Test
    void programsAreLookedForOnTheCallersPath() throws IOException {
        try (Home home = home()) {
            guest.create(home, "a");
            Path witness = witness(home, "mine/qemu-system-x86_64");
            home.with("PATH", witness.getParent() + ":" + home.environment().get("PATH"));
            SilentGuest.run(home, "a");
            assertThat(seen(witness)).anyMatch(line -> line.startsWith("PATH=" + witness.getParent()));
        }
    }

    @Test
    void aRelativeFileIsTheCallersOwn() throws IOException {
        try (Home home = home()) {
            for (String who : List.of("one", "two")) {
                Path here = Files.createDirectories(home.path.resolve("_" + who));
                Files.writeString(here.resolve("here.yaml"), guest.yaml() + "message: of-" + who + "\n");
                home.workingIn(here).good("create", "--name", who, "./here.yaml");
                assertThat(home.path.resolve(who).resolve("lima.yaml"))
                        .content()
                        .contains("of-" + who);
            }
        }
    }

    // One daemon

    /** How many daemons have ever served this home. */
    private static List<String> daemons(Home home) throws IOException {
        return Files.readAllLines(home.path.resolve("_daemon/log")).stream()
                .filter(line -> line.contains("starts, pid"))
                .toList();
    }

    @Test
    void eightFirstCommandsStartOneDaemon() throws IOException {
        try (Home home = home()) {
            List<Process> commands = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                commands.add(home.start("list", "-q"));
            }
            for (Process command : commands) {
                Result result = Home.await(command, "", 60);
                assertThat(result.code()).as(result.all()).isZero();
            }
            assertThat(daemons(home)).hasSize(1);
            try (Stream<ProcessHandle> processes = ProcessHandle.allProcesses()) {
                assertThat(processes.filter(p -> isLauncherOf(home, p))).hasSize(1);
            }
        }
    }

    private static boolean isLauncherOf(Home home, ProcessHandle process) {
        try {
            String line = Files.readString(Path.of("/proc/" + process.pid() + "/cmdline"));
            return line.contains("io.jlima.launcher.Launcher\0" + home.path + "\0") && isAlive(process.pid());
        } catch (IOException e) {
            return false;
        }
    }

    @Test
    void theDaemonCanBeLookedAtAndEnded() {
        try (Home home = home()) {
            assertThat(home.good("daemon", "status").out()).contains("No daemon runs");
            assertThat(home.good("daemon", "stop").out()).contains("No daemon runs");
            assertThat(home.path.resolve("_daemon")).doesNotExist();
            guest.create(home, "a");
            long machine = SilentGuest.run(home, "a");
            long first = home.daemonPid();
            assertThat(home.good("daemon", "status").out())
                    .contains("pid:       " + first + "\n", "machines:  a\n", home.path + "/_daemon/log");
            assertThat(home.good("daemon", "log").out()).contains("starts, pid " + first);
            home.good("daemon", "restart");
            assertThat(isAlive(first)).isFalse();
            assertThat(home.hasDaemon()).isTrue();
            assertThat(home.daemonPid()).isNotEqualTo(first);
            assertThat(home.good("daemon", "status").out()).contains("machines:  a\n");
            long second = home.daemonPid();
            home.good("daemon", "stop");
            assertThat(isAlive(second)).isFalse();
            assertThat(home.good("daemon", "log").out()).contains("Daemon ends");
            assertThat(home.limactl("daemon", "dance").err()).contains("Use status, stop, restart or log");
            assertThat(isAlive(machine)).isTrue();
        }
    }

    /** The next command must not meet a daemon that is about to go. */
    @Test
    void aCommandRightAfterTheEndOfADaemonIsServed() {
        try (Home home = home()) {
            for (int i = 0; i < 6; i++) {
                Result result = home.shell(home.program() + " list -q && " + home.program() + " daemon stop && "
                        + home.program() + " list -q");
                assertThat(result.code()).as(result.all()).isZero();
            }
        }
    }

    @Test
    void aClientOfAnotherVersionHandsOverWithoutLosingAMachine() throws IOException {
        try (Home home = home()) {
            guest.create(home, "a");
            long machine = SilentGuest.run(home, "a");
            long old = home.daemonPid();
            Path other = home.path.resolve("_other");
            assertThat(home.shell("cp -rL " + Home.DISTRIBUTION + " " + other).code())
                    .isZero();
            Files.writeString(other.resolve("lib/version"), "9.9.9-other\n");
            home.using(other).with("_JLIMA_TRAINING", "1");
            assertThat(home.good("daemon", "status").out()).contains("version:   9.9.9-other\n", "machines:  a\n");
            assertThat(isAlive(old)).isFalse();
            assertThat(isAlive(machine)).isTrue();
            long young = home.daemonPid();
            home.using(Home.DISTRIBUTION).with("_JLIMA_TRAINING", null);
            assertThat(home.status("a")).isEqualTo("Starting");
            assertThat(home.machinePid("a")).isEqualTo(machine);
            assertThat(isAlive(young)).isFalse();
            home.good("stop", "-f", "a");
            assertThat(isAlive(machine)).isFalse();
        }
    }

    @Test
    void aHostWithoutJavaIsToldWhatToInstall() {
        try (Home home = home()) {
            // No Java by any name, and no folder where one might be found.
            home.with("JLIMA_JAVA_HOME", null).with("JAVA_HOME", null).with("HOME", home.path + "/_nobody");
            Result result =
                    home.shell("unshare -rm sh -c 'for d in /usr/lib/jvm /opt; do mount -t tmpfs none $d; done; "
                            + "PATH=/usr/bin:/bin; " + home.program() + " list -q'");
            assertThat(result.code()).as(result.all()).isOne();
            assertThat(result.err()).startsWith("limactl: no Java 25 or newer was found.");
            assertThat(home.hasDaemon()).isFalse();
        }
    }
}
