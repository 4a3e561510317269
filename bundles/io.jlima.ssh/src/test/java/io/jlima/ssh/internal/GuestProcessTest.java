// SPDX-License-Identifier: Apache-2.0
package io.jlima.ssh.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jlima.api.ssh.SshConnection.Result;
import io.jlima.api.ssh.SshProcess;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A command: its input, its outputs, its environment, and its end. */
@Timeout(180)
final class GuestProcessTest extends ConnectedSshd {
    @ParameterizedTest
    @CsvSource({
        "exit 0, 0",
        "exit 7, 7",
        "exit 255, 255",
        "kill -TERM $$, 143",
        "kill -KILL $$, 137",
        "/nonexistent/program, 127",
        "false, 1"
    })
    void exitCode(String command, int code) throws Exception {
        assertThat(connection.run(command, "", TIME).exitCode()).isEqualTo(code);
        try (SshProcess process = connection.start(command, null, NO_VARIABLES)) {
            assertThat(process.waitFor()).isEqualTo(code);
        }
    }

    @Test
    void bothOutputsAreKeptApart() throws Exception {
        Result result = connection.run("echo out; echo err >&2; echo Grüße", "", TIME);

        assertThat(result).isEqualTo(new Result(0, "out\nGrüße\n", "err\n"));
    }

    @Test
    void inputIsEchoedAndEnds() throws Exception {
        assertThat(connection.run("cat; echo done", "Grüße\n", TIME).stdout()).isEqualTo("Grüße\ndone\n");
        assertThat(connection.run("cat; echo done", "", TIME).stdout()).isEqualTo("done\n");
    }

    @Test
    void inputThatIsNotReadDoesNotHold() throws Exception {
        // More than any window and pipe takes.
        String much = "x".repeat(8 * 1024 * 1024);

        assertThat(connection.run("exit 4", much, TIME).exitCode()).isEqualTo(4);
        assertThat(connection.run("wc -c", much, TIME).stdout().strip()).isEqualTo(String.valueOf(much.length()));
    }

    @Test
    void tooMuchOutputIsAnError() throws Exception {
        assertThatThrownBy(() -> connection.run("yes", "", TIME))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("more than 16 MiB")
                .hasMessageContaining("yes");
        assertThat(connection.run("head -c 16777216 /dev/zero", "", TIME).stdout())
                .hasSize(KeptConnection.MOST_OUTPUT);
    }

    @Test
    void timeIsUp() throws Exception {
        assertThatThrownBy(() -> connection.run("exec " + Sleeper.COMMAND, "", Duration.ofMillis(300)))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("did not end within 0.3 s: exec " + Sleeper.COMMAND);
        awaitHungUp();
        assertThat(connection.run("echo still here", "", TIME).stdout()).isEqualTo("still here\n");
    }

    @Test
    void interruptEndsTheCommand() throws Exception {
        CompletableFuture<Throwable> result = new CompletableFuture<>();
        Thread caller = Thread.ofVirtual().start(() -> {
            try {
                connection.run("exec " + Sleeper.COMMAND, "", TIME);
            } catch (IOException | InterruptedException e) {
                result.complete(e);
            }
        });
        Eventually.holds("the command runs", TIME, Sleeper::runs);
        caller.interrupt();

        assertThat(result.get(60, TimeUnit.SECONDS)).isInstanceOf(InterruptedException.class);
        awaitHungUp();
        assertThat(connection.isOpen()).isTrue();
    }

    @Test
    void closingAProcessEndsItAndItsStreams() throws Exception {
        SshProcess process = connection.start("exec " + Sleeper.COMMAND, null, NO_VARIABLES);
        Eventually.holds("the command runs", TIME, Sleeper::runs);
        process.close();

        assertThat(process.stdout().read()).isEqualTo(-1);
        assertThat(process.waitFor()).isNotZero();
        assertThatThrownBy(() -> process.stdin().write(1)).isInstanceOf(IOException.class);
        awaitHungUp();
        process.close();
    }

    @Test
    void closedStdoutIsThrownAwayWithoutHoldingTheCommand() throws Exception {
        try (SshProcess process = connection.start("head -c 20000000 /dev/zero; echo end >&2", null, NO_VARIABLES)) {
            process.stdout().close();
            assertThat(process.stderr().readAllBytes()).asString().isEqualTo("end\n");
            assertThat(process.waitFor()).isZero();
        }
        assertThat(connection.isOpen()).isTrue();
    }

    @Test
    void bytesAreNotTouched() throws Exception {
        byte[] data = new byte[5 * 1024 * 1024 + 17];
        new Random(42).nextBytes(data);
        try (SshProcess process = connection.start("cat", null, NO_VARIABLES)) {
            Thread.ofVirtual().start(() -> {
                try (OutputStream stdin = process.stdin()) {
                    stdin.write(data);
                } catch (IOException e) {
                    // Shows in what comes back.
                }
            });
            assertThat(Arrays.equals(process.stdout().readAllBytes(), data)).isTrue();
            assertThat(process.waitFor()).isZero();
        }
    }

    @Test
    void hugeOutputFlowsWithoutBeingKept() throws Exception {
        long size = 64L * 1024 * 1024;
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        try (SshProcess process =
                connection.start("head -c " + size + " /dev/zero | tr '\\0' '\\252'", null, NO_VARIABLES)) {
            InputStream out = process.stdout();
            byte[] buffer = new byte[65536];
            long total = 0;
            for (int n; (n = out.read(buffer)) >= 0; total += n) {
                digest.update(buffer, 0, n);
                assertThat(out.available()).isLessThanOrEqualTo((int) GuestClient.WINDOW);
            }
            assertThat(total).isEqualTo(size);
            assertThat(process.waitFor()).isZero();
        }
        MessageDigest expected = MessageDigest.getInstance("SHA-256");
        byte[] block = new byte[1024 * 1024];
        Arrays.fill(block, (byte) 0252);
        for (int i = 0; i < 64; i++) {
            expected.update(block);
        }
        assertThat(HexFormat.of().formatHex(digest.digest()))
                .isEqualTo(HexFormat.of().formatHex(expected.digest()));
    }

    @Test
    void unreadOutputStopsTheCommand() throws Exception {
        try (SshProcess process = connection.start("yes", null, NO_VARIABLES)) {
            InputStream out = process.stdout();
            Eventually.holds("the window is full", TIME, () -> available(out) == GuestClient.WINDOW);
            // Others on the same connection go on meanwhile.
            assertThat(connection.run("echo fine", "", TIME).stdout()).isEqualTo("fine\n");
            assertThat(out.available()).isEqualTo((int) GuestClient.WINDOW);
        }
    }

    private static int available(InputStream stream) {
        try {
            return stream.available();
        } catch (IOException e) {
            return -1;
        }
    }

    @Test
    void stdinCanBeClosedWhileOutputGoesOn() throws Exception {
        try (SshProcess process = connection.start("cat; echo after; exit 9", null, NO_VARIABLES)) {
            BufferedReader out = reader(process);
            process.stdin().write("one\n".getBytes(StandardCharsets.UTF_8));
            assertThat(out.readLine()).as("no flush is needed").isEqualTo("one");
            process.stdin().close();
            assertThat(out.readLine()).isEqualTo("after");
            assertThat(process.waitFor()).isEqualTo(9);
        }
    }

    @Test
    void stdoutEndsBeforeTheCommandDoes() throws Exception {
        try (SshProcess process = connection.start("exec >&- 2>&-; read x; exit 6", null, NO_VARIABLES)) {
            assertThat(process.stdout().read()).isEqualTo(-1);
            process.stdin().write('\n');
            assertThat(process.waitFor()).isEqualTo(6);
        }
    }

    @Test
    void signalReachesTheCommand() throws Exception {
        try (SshProcess process =
                connection.start("trap 'exit 5' USR1; echo ready; read x; exit 6", null, NO_VARIABLES)) {
            assertThat(reader(process).readLine()).isEqualTo("ready");
            process.signal("USR1");
            // See awaitHungUp.
            Eventually.holds("the signal has arrived", TIME, () -> ended(process) || signalRefused());
            process.stdin().close();
            assertThat(process.waitFor()).isEqualTo(signalRefused() ? 6 : 5);
        }
    }

    private static boolean ended(SshProcess process) {
        return ((GuestProcess) process).hasEnded();
    }

    @Test
    void environmentIsSent() throws Exception {
        Map<String, String> variables = Map.of("JLIMA_A", "x y 'z'", "JLIMA_B", "ü", "REFUSED", "no");
        try (SshProcess process = connection.start("echo \"$JLIMA_A|$JLIMA_B|$REFUSED\"", null, variables)) {
            assertThat(reader(process).readLine()).isEqualTo("x y 'z'|ü|");
        }
    }
}
