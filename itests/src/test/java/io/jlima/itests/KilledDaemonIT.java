// SPDX-License-Identifier: Apache-2.0
package io.jlima.itests;

import static io.jlima.itests.Aftermath.assertNothingMade;
import static io.jlima.itests.Aftermath.assertNothingTemporary;
import static io.jlima.itests.Aftermath.machines;
import static io.jlima.itests.Aftermath.refused;
import static io.jlima.itests.Home.eventually;
import static io.jlima.itests.Programs.script;
import static io.jlima.itests.SilentGuest.WAITING;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A daemon that dies in the middle of a start: the command can be given again, and there is one machine at most. */
class KilledDaemonIT extends OnSilentGuest {
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
            Path mine = script(
                            home,
                            "_programs/qemu-img",
                            "if [ \"$1\" = create ] && mkdir " + home.path + "/_once 2>/dev/null; then : >" + home.path
                                    + "/reached; exec sleep 20; fi\nPATH=/usr/local/bin:/usr/bin:/bin exec qemu-img \"$@\"\n")
                    .getParent();
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
