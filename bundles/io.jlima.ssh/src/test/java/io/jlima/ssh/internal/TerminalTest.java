// SPDX-License-Identifier: Apache-2.0
package io.jlima.ssh.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.jlima.api.ssh.SshConnection.Terminal;
import io.jlima.api.ssh.SshProcess;
import java.io.BufferedReader;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Terminals of commands. */
@Timeout(180)
final class TerminalTest extends ConnectedSshd {
    @Test
    void withoutATerminalThereIsNone() throws Exception {
        assertThat(connection
                        .run("test -t 0 || test -t 1 || echo none", "", TIME)
                        .stdout())
                .isEqualTo("none\n");
    }

    @Test
    void terminalHasTypeSizeAndManners() throws Exception {
        Terminal terminal = new Terminal("xterm-256color", 101, 37);
        try (SshProcess process = connection.start(
                "trap 'stty size' WINCH; echo $TERM; stty size; stty -a | tr ';' '\\n'; echo ready;"
                        + " while ! read line; do :; done; stty size; exit 8",
                terminal,
                NO_VARIABLES)) {
            BufferedReader out = reader(process);
            String first = out.readLine();
            if (terminalForbidden(process, first)) {
                return;
            }
            assertThat(first).isEqualTo("xterm-256color");
            assertThat(out.readLine()).isEqualTo("37 101");
            List<String> settings = new ArrayList<>();
            for (String line; !(line = out.readLine()).equals("ready"); ) {
                settings.addAll(List.of(line.strip().split(" (?=-?[a-z0-9]+$|-?[a-z0-9]+ )")));
            }
            String all = String.join(" ", settings) + " ";
            assertThat(all)
                    .contains(" icrnl ", " isig ", " icanon ", " echo ", " onlcr ", " iutf8 ", " erase = ^? ")
                    .contains(" intr = ^C ", " eof = ^D ");

            process.resize(120, 50);
            process.stdin().write('\n');
            List<String> rest = out.lines().filter(line -> !line.isBlank()).toList();
            assertThat(rest).isNotEmpty().allMatch("50 120"::equals);
            assertThat(process.waitFor()).isEqualTo(8);
            assertThat(process.stderr().read()).isEqualTo(-1);
        }
    }

    @Test
    void controlCReachesTheForeground() throws Exception {
        try (SshProcess process =
                connection.start("echo ready; " + Sleeper.COMMAND, new Terminal("vt100", 80, 24), NO_VARIABLES)) {
            String first = reader(process).readLine();
            if (terminalForbidden(process, first)) {
                return;
            }
            assertThat(first).isEqualTo("ready");
            process.stdin().write(3);
            assertThat(process.waitFor()).isEqualTo(130);
        }
    }

    /**
     * Whether this machine does not let an sshd without root's rights make terminals, as in containers whose /dev/pts
     * does not belong to the group tty. Then sshd gives up the whole connection, and that has to be told.
     */
    private boolean terminalForbidden(SshProcess process, @Nullable String first) throws Exception {
        if (first != null) {
            return false;
        }
        connection.closed().toCompletableFuture().get(60, TimeUnit.SECONDS);
        assertThat(process.waitFor()).isEqualTo(ExitCode.UNKNOWN);
        Eventually.holds("sshd says that it may not", TIME, () -> sshd.log().contains("chown(/dev/pts/"));
        return true;
    }
}
