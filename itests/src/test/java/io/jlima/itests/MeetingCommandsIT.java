// SPDX-License-Identifier: Apache-2.0
package io.jlima.itests;

import static io.jlima.itests.Aftermath.machines;
import static io.jlima.itests.Aftermath.refused;
import static io.jlima.itests.Home.eventually;
import static io.jlima.itests.Home.isAlive;
import static io.jlima.itests.Programs.script;
import static io.jlima.itests.SilentGuest.WAITING;
import static org.assertj.core.api.Assertions.assertThat;

import io.jlima.itests.Home.Result;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** Commands for one instance at the same moment, and a Ctrl-C in the midst of one. */
class MeetingCommandsIT extends OnSilentGuest {
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
}
