// SPDX-License-Identifier: Apache-2.0
package io.jlima.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.jlima.client.ScriptedDaemon.Connection;
import io.jlima.client.ScriptedDaemon.Frame;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** The caller's terminal, which script(1) makes. */
@ParameterizedClass
@MethodSource("io.jlima.client.TestedClient#all")
class ClientTerminalTest extends ClientCase {
    ClientTerminalTest(TestedClient client) {
        super(client);
    }

    private String sttyOf(Path terminal) throws Exception {
        Process stty = new ProcessBuilder(
                        "stty", "-g", "-F", Files.readString(terminal).strip())
                .start();
        return new String(stty.getInputStream().readAllBytes(), StandardCharsets.US_ASCII).strip();
    }

    @Test
    void aTerminalIsRawWhileThatIsWantedAndAsBeforeThen() throws Exception {
        Path tty = home.resolve("tty");
        BlockingQueue<Frame> frames = new LinkedBlockingQueue<>();
        CompletableFuture<Connection> connected = new CompletableFuture<>();
        daemon.plays(c -> {
            assertThat(new String(c.next().body(), StandardCharsets.ISO_8859_1))
                    .as("all three are terminals, and how large")
                    .containsSubsequence("111", "24 80");
            c.send(10);
            c.send(16, (byte) 1);
            c.send(17);
            c.number(15, 64);
            c.send(12, (byte) '!');
            connected.complete(c);
            Frame frame;
            while ((frame = c.read()) != null) {
                frames.add(frame);
            }
        });
        ProcessBuilder builder = inShell(
                "tty >tty; stty rows 24 cols 80; set -m; stty -g >before; sh -c 'echo $$ >pid; exec \"$@\"' sh \"$@\";"
                        // Stopped: the shell has the terminal until somebody presses the return key.
                        + " code=$?; case $code in 147|148) stty -g >stopped; read -r line; fg >/dev/null; code=$?;; esac;"
                        + " stty -g >after; exit $code",
                client("shell"));
        if (!client.isNative()) {
            builder.environment().put("_JLIMA_TERMINALS", "111");
            builder.environment().put("_JLIMA_SIZE", "24 80");
        }
        StringBuilder line = new StringBuilder();
        for (String word : builder.command()) {
            line.append(" '").append(word.replace("'", "'\\''")).append('\'');
        }
        Process script = start(builder.command("script", "-q", "-e", "-c", line.toString(), "/dev/null")
                .redirectError(ProcessBuilder.Redirect.DISCARD));
        for (int shown = 0; shown != '!'; shown = script.getInputStream().read()) {
            assertThat(shown).as("the end of the terminal").isNotNegative();
        }
        Connection connection = connected.get(20, TimeUnit.SECONDS);
        String before = Files.readString(home.resolve("before")).strip();
        String raw = sttyOf(tty);
        assertThat(raw).isNotEqualTo(before);

        script.getOutputStream().write(3);
        script.getOutputStream().flush();
        Frame key = frames.poll(20, TimeUnit.SECONDS);
        assertThat(key).isNotNull().returns(1, Frame::type).returns("\u0003", Frame::text);

        // One change, of which there is one signal.
        new ProcessBuilder("stty", "-F", Files.readString(tty).strip(), "rows", "33")
                .start()
                .waitFor();
        assertSize(frames.poll(20, TimeUnit.SECONDS));

        long pid = Long.parseLong(Files.readString(home.resolve("pid")).strip());
        signal(pid, "TSTP");
        assertThat(eventually(home.resolve("stopped")))
                .as("the shell's own while stopped")
                .isEqualTo(before);
        script.getOutputStream().write('\n');
        script.getOutputStream().flush();
        assertSize(frames.poll(20, TimeUnit.SECONDS));
        assertThat(sttyOf(tty)).isEqualTo(raw);
        signal(pid, "TERM");
        assertThat(frames.poll(20, TimeUnit.SECONDS)).isNotNull().returns("TERM", Frame::text);
        assertThat(sttyOf(tty)).isEqualTo(raw);
        connection.number(14, 9);
        assertThat(script.waitFor(20, TimeUnit.SECONDS)).isTrue();
        assertThat(script.exitValue()).isEqualTo(9);
        assertThat(home.resolve("after")).hasContent(before);
    }

    /** What is written there, as soon as it is. */
    private static String eventually(Path file) throws Exception {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (!Files.exists(file) || Files.size(file) == 0) {
            assertThat(System.nanoTime()).as("%s is written", file).isLessThan(deadline);
            LockSupport.parkNanos(5_000_000);
        }
        return Files.readString(file).strip();
    }

    private static void assertSize(@Nullable Frame frame) {
        if (frame == null) {
            throw new AssertionError("the client says nothing of the terminal's size");
        }
        assertThat(frame.type()).isEqualTo(2);
        assertThat(frame.body()).containsExactly(0, 0, 0, 80, 0, 0, 0, 33);
    }
}
