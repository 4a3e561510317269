// SPDX-License-Identifier: Apache-2.0
package io.jlima.itests;

import static io.jlima.itests.Aftermath.refused;
import static io.jlima.itests.Home.isAlive;
import static io.jlima.itests.Programs.script;
import static io.jlima.itests.SilentGuest.WAITING;
import static org.assertj.core.api.Assertions.assertThat;

import io.jlima.itests.Home.Result;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A host that lacks something, or where it is taken: what is said names the remedy, and nothing half-made is left. */
class BadHostIT extends OnSilentGuest {
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
}
