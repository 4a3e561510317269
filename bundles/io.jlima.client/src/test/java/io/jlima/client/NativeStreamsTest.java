// SPDX-License-Identifier: Apache-2.0
package io.jlima.client;

import static io.jlima.client.ScriptedDaemon.accepting;
import static org.assertj.core.api.Assertions.assertThat;

import io.jlima.client.ScriptedDaemon.Frame;
import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What only the native clients do with their caller's streams: they leave to the daemon those that it can open itself.
 * Streams that are closed are a matter of the Java client's launcher, not of the Java client; see DaemonIT.
 */
@ParameterizedClass(allowZeroInvocations = true)
@MethodSource("io.jlima.client.TestedClient#natives")
class NativeStreamsTest extends ClientCase {
    /** Its outputs are both ends of a pair of sockets. */
    private static final String WITH_SOCKETS = "perl -MSocket -e 'socketpair($a, $b, AF_UNIX, SOCK_STREAM, 0);"
            + " open(STDOUT, \">&\", $a); open(STDERR, \">&\", $a); exec @ARGV' \"$@\"";

    NativeStreamsTest(TestedClient client) {
        super(client);
    }

    /** What the client, standing in this line, leaves to the daemon: the numbers of the streams. */
    private String passed(String line) throws Exception {
        CompletableFuture<String> told = new CompletableFuture<>();
        Path socket = home.resolve("_daemon/sock");
        daemon.close();
        Files.delete(socket);
        daemon = new ScriptedDaemon(socket);
        daemon.plays(c -> {
            Frame request = c.next();
            DataInputStream data = new DataInputStream(new ByteArrayInputStream(request.body()));
            String last = "";
            for (int i = 0; i < 6; i++) {
                last = string(data);
            }
            told.complete(last);
            c.send(10);
            c.number(14, 0);
        });
        Files.writeString(home.resolve("file"), "content");
        Process shell = start(inShell(line, client("x")).redirectError(ProcessBuilder.Redirect.PIPE));
        String text = told.get(20, TimeUnit.SECONDS);
        shell.getOutputStream().close();
        shell.getInputStream().readAllBytes();
        assertThat(shell.waitFor(20, TimeUnit.SECONDS)).isTrue();
        assertThat(text).matches("[0-9]+( [0-2]:[0-9]+:[0-9]+){0,3}");
        StringBuilder numbers = new StringBuilder();
        for (String word : text.split(" ")) {
            numbers.append(word.contains(":") ? word.substring(0, 1) : "");
        }
        return numbers.toString();
    }

    private static String string(DataInputStream data) throws IOException {
        return new String(data.readNBytes(data.readInt()), StandardCharsets.UTF_8);
    }

    @Test
    void pipesAreLeftToTheDaemon() throws Exception {
        assertThat(passed("\"$@\"")).isEqualTo("012");
        assertThat(passed("\"$@\" 2>&1 | cat")).isEqualTo("012");
        assertThat(passed("\"$@\" </dev/null >/dev/null 2>/dev/null")).isEqualTo("012");
        assertThat(passed("\"$@\" <&- 2>&-")).as("closed ones are empty").isEqualTo("012");
    }

    @Test
    void allElseIsCopied() throws Exception {
        assertThat(passed("\"$@\" >file 2>&1")).isEqualTo("0");
        assertThat(passed("\"$@\" >>file 2>&1")).isEqualTo("0");
        assertThat(passed("\"$@\" 2>file")).as("one of both is a file").isEqualTo("0");
        assertThat(passed("\"$@\" <file")).isEqualTo("12");
        assertThat(passed("mkfifo f; : >f & \"$@\" <f")).as("with a name").isEqualTo("12");
        assertThat(passed("\"$@\" </dev/zero >/dev/full")).isEmpty();
        assertThat(passed("\"$@\" 0>&1")).as("the wrong end of a pipe").isEqualTo("12");
        assertThat(passed(WITH_SOCKETS)).isEqualTo("0");
    }

    @Test
    void aTerminalIsCopiedAndNoHindranceToPipes() throws Exception {
        StringBuilder line = new StringBuilder();
        for (String word : client("x").command()) {
            line.append(" '").append(word.replace("'", "'\\''")).append('\'');
        }
        Files.writeString(home.resolve("run"), line);
        assertThat(passed("script -qec 'sh run </dev/null | cat' /dev/null")).isEqualTo("01");
        assertThat(passed("script -qec 'sh run' /dev/null")).isEmpty();
    }

    @Test
    void theRestIsLeftWhenAllBeforeItIsWritten() throws Exception {
        CompletableFuture<Frame> left = new CompletableFuture<>();
        byte[] much = new byte[300_000];
        daemon.plays(accepting(c -> {
            c.send(12, much);
            c.send(20);
            left.complete(c.next());
            c.number(14, 0);
        }));
        Process process = start(client("x").redirectError(ProcessBuilder.Redirect.DISCARD));
        // As long as nobody reads, not all is written.
        assertThat(process.getInputStream().read()).isZero();
        assertThat(left).isNotDone();
        assertThat(process.getInputStream().readAllBytes()).hasSize(much.length - 1);
        assertThat(left.get(20, TimeUnit.SECONDS)).returns(4, Frame::type).returns("", Frame::text);
    }

    @Test
    void aReaderThatHasEnoughOfTheDaemonEndsTheClient() throws Exception {
        daemon.plays(accepting(c -> c.send(19)), accepting(c -> c.send(19)), accepting(c -> c.send(19)));
        Outcome outcome = run(inShell("\"$@\"; echo $?", client("list")), "");
        assertThat(outcome.out()).isEqualTo("141\n");
        assertThat(run(inShell("trap '' PIPE; \"$@\"; echo $?", client("list")), "")
                        .out())
                .isEqualTo("141\n");
        assertThat(run(client("list"), "").code()).isEqualTo(141);
    }

    @Test
    void closedStreamsAreNotMistakenForWhateverIsOpenedNext() throws Exception {
        daemon.plays(
                accepting(c -> {
                    c.number(15, 10);
                    Frame input = c.next();
                    assertThat(input.type()).isOne();
                    assertThat(input.body()).isEmpty();
                    c.number(14, 0);
                }),
                accepting(c -> {
                    c.send(12, (byte) 'x');
                    c.number(14, 0);
                }),
                accepting(c -> {
                    c.send(13, (byte) 'x');
                    c.number(14, 7);
                }));
        assertThat(run(inShell("\"$@\" <&-", client("cat")), "").code()).isZero();
        Outcome noOutput = run(inShell("\"$@\" >&-", client("list")), "");
        assertThat(noOutput.code()).isZero();
        assertThat(noOutput.err()).isEmpty();
        assertThat(run(inShell("\"$@\" <&- >&- 2>&-", client("list")), "").code())
                .isEqualTo(7);
    }
}
