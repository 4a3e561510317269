// SPDX-License-Identifier: Apache-2.0
package io.jlima.itests;

import static io.jlima.itests.Home.eventually;
import static io.jlima.itests.Home.isAlive;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Machines that outlive their daemon. The guest of these tests never answers, so its start goes on under each daemon and
 * never ends.
 */
class AdoptionIT extends OnSilentGuest {
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
