// SPDX-License-Identifier: Apache-2.0
package io.jlima.client;

import static io.jlima.client.ScriptedDaemon.accepting;
import static org.assertj.core.api.Assertions.assertThat;

import io.jlima.client.ScriptedDaemon.Frame;
import io.jlima.client.ScriptedDaemon.Script;
import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** The programs themselves, each in turn: what they ask, and how they find somebody to ask. */
@ParameterizedClass
@MethodSource("io.jlima.client.TestedClient#all")
class ClientTest extends ClientCase {
    ClientTest(TestedClient client) {
        super(client);
    }

    @Test
    void carriesTheCallThereAndTheAnswerBack() throws Exception {
        List<String> strings = new CopyOnWriteArrayList<>();
        daemon.plays(c -> {
            Frame request = c.next();
            DataInputStream data = new DataInputStream(new ByteArrayInputStream(request.body()));
            for (int i = 0; i < 6; i++) {
                strings.add(string(data));
            }
            for (int left = data.readInt(); left > 0; left--) {
                strings.add("word " + string(data));
            }
            for (int left = data.readInt(); left > 0; left--) {
                strings.add(string(data) + "=" + string(data));
            }
            assertThat(data.available()).isZero();
            c.send(10);
            c.send(12, "out".getBytes(StandardCharsets.UTF_8));
            c.send(13, "err".getBytes(StandardCharsets.UTF_8));
            c.send(12, new byte[100_000]);
            c.number(14, 42);
        });
        Outcome outcome = run(client("list", "--json", ""), "");
        assertThat(outcome.code()).isEqualTo(42);
        assertThat(outcome.out()).startsWith("out").hasSize(100_003);
        assertThat(outcome.err()).isEqualTo("err");
        assertThat(strings).startsWith("0.1.0", home.toRealPath().toString(), "0027", "000", "");
        assertThat(strings).contains("word list", "word --json", "word ", "MARK=of the caller");
    }

    private static String string(DataInputStream data) throws IOException {
        return new String(data.readNBytes(data.readInt()), StandardCharsets.UTF_8);
    }

    @Test
    void aDaemonThatEndsBeforeItAcceptsIsAskedAgain() throws Exception {
        daemon.plays(c -> {}, c -> assertThat(c.read()).isNotNull(), accepting(c -> c.number(14, 3)));
        assertThat(run(client("x"), "").code()).isEqualTo(3);
    }

    @Test
    void aDaemonOfAnotherVersionIsWaitedForAndThenAskedAgain() throws Exception {
        daemon.plays(
                c -> {
                    assertThat(c.read()).isNotNull();
                    c.send(11);
                },
                accepting(c -> c.number(14, 4)));
        assertThat(run(client("x"), "").code()).isEqualTo(4);
    }

    @Test
    void aDaemonThatAlwaysEndsIsGivenUp() throws Exception {
        Script ends = c -> assertThat(c.read()).isNotNull();
        daemon.plays(ends, ends, ends);
        Outcome outcome = run(client("x"), "");
        assertThat(outcome.code()).isOne();
        assertThat(outcome.err())
                .isEqualTo("limactl: the daemon of " + home + " ends each time it is asked; see its log _daemon/log\n");
    }

    @Test
    void aCommandIsNeverGivenTwice() throws Exception {
        daemon.plays(accepting(c -> {}));
        Outcome outcome = run(client("x"), "");
        assertThat(outcome.code()).isOne();
        assertThat(outcome.err()).contains("the daemon ended before the command was done");
    }

    @Test
    void aDaemonThatIsNotThereIsStarted() throws Exception {
        Path sock = home.resolve("_daemon/sock");
        Files.move(sock, home.resolve("_daemon/hidden"));
        Files.writeString(home.resolve("prefix/lib/daemon.sh"), "mv \"$1/_daemon/hidden\" \"$1/_daemon/sock\"\n");
        daemon.plays(accepting(c -> c.number(14, 5)));
        assertThat(run(client("x"), "").code()).isEqualTo(5);
    }

    @Test
    void aDaemonThatCannotBeHadIsAnError() throws Exception {
        Files.delete(home.resolve("_daemon/sock"));
        Outcome failed = run(client("x"), "");
        assertThat(failed.code()).isOne();
        assertThat(failed.err()).isEqualTo("no daemon can be had\nlimactl: the daemon could not be started\n");
        Files.writeString(home.resolve("prefix/lib/daemon.sh"), "exit 0\n");
        Files.writeString(home.resolve("_daemon/log"), "its last words\n");
        Outcome silent = run(client("x"), "");
        assertThat(silent.code()).isOne();
        assertThat(silent.err()).contains("the daemon does not answer").endsWith("its last words\n");
    }

    @Test
    void aHomeThatIsTooDeepIsRefused() throws Exception {
        ProcessBuilder builder = client("x");
        builder.environment().putAll(client.settings(Path.of("/" + "h".repeat(110)), home.resolve("prefix")));
        Outcome outcome = run(builder, "");
        assertThat(outcome.code()).isOne();
        assertThat(outcome.err()).contains("is too long for a socket in it");
    }

    @Test
    void aHomeIsNeeded() throws Exception {
        ProcessBuilder builder = client("x");
        builder.environment().keySet().removeAll(List.of("_JLIMA_HOME", "LIMA_HOME", "HOME"));
        assertThat(run(builder, "").err())
                .isEqualTo(
                        client.isNative()
                                ? "limactl: neither LIMA_HOME nor HOME is set\n"
                                : "limactl: _JLIMA_HOME is not set; start this program by bin/limactl\n");
    }
}
