// SPDX-License-Identifier: Apache-2.0
package io.jlima.client;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The program itself, against a daemon that says what the test has written down. */
@Timeout(60)
class ClientTest {
    @TempDir
    Path home;

    private ServerSocketChannel server;
    private final List<Process> processes = new ArrayList<>();
    private final List<Throwable> faults = new CopyOnWriteArrayList<>();
    private @Nullable Thread serving;

    /** What the daemon does with one connection. */
    interface Script {
        void play(Connection connection) throws Exception;
    }

    record Frame(int type, byte[] body) {
        String text() {
            return new String(body, StandardCharsets.UTF_8);
        }
    }

    record Connection(SocketChannel channel) {
        /** Null at the end. */
        @Nullable
        Frame read() throws IOException {
            ByteBuffer header = ByteBuffer.allocate(5);
            if (!fill(header)) {
                return null;
            }
            int type = header.get();
            ByteBuffer body = ByteBuffer.allocate(header.getInt());
            return fill(body) ? new Frame(type, body.array()) : null;
        }

        Frame next() throws IOException {
            Frame frame = read();
            if (frame == null) {
                throw new IOException("the client has left");
            }
            return frame;
        }

        private boolean fill(ByteBuffer buffer) throws IOException {
            while (buffer.hasRemaining()) {
                if (channel.read(buffer) < 0) {
                    return false;
                }
            }
            buffer.flip();
            return true;
        }

        void send(int type, byte... body) throws IOException {
            ByteBuffer frame = ByteBuffer.allocate(5 + body.length);
            raw(frame.put((byte) type).putInt(body.length).put(body).flip());
        }

        void number(int type, int number) throws IOException {
            send(type, ByteBuffer.allocate(4).putInt(number).array());
        }

        void raw(ByteBuffer bytes) throws IOException {
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
        }
    }

    @BeforeEach
    void open() throws Exception {
        Files.createDirectories(home.resolve("_daemon"));
        Files.createDirectories(home.resolve("prefix/lib"));
        Files.writeString(home.resolve("prefix/lib/daemon.sh"), "echo \"no daemon can be had\" >&2; exit 1\n");
        server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        server.bind(UnixDomainSocketAddress.of(home.resolve("_daemon/sock")));
    }

    @AfterEach
    void close() throws Exception {
        for (Process process : processes) {
            process.destroyForcibly().waitFor();
        }
        server.close();
        if (serving != null) {
            assertThat(serving.join(java.time.Duration.ofSeconds(20))).isTrue();
        }
        assertThat(faults).isEmpty();
    }

    /** Plays one script for each connection, in order. */
    private void daemon(Script... scripts) {
        serving = Thread.ofPlatform().start(() -> {
            for (Script script : scripts) {
                try (SocketChannel channel = server.accept()) {
                    script.play(new Connection(channel));
                } catch (Throwable e) {
                    faults.add(e);
                    return;
                }
            }
        });
    }

    /** Takes the request, accepts it, and goes on. */
    private static Script accepting(Script rest) {
        return c -> {
            assertThat(c.next().type()).isZero();
            c.send(10);
            rest.play(c);
        };
    }

    private ProcessBuilder client(String... words) {
        List<String> line = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin/java").toString(),
                "-Xshare:auto",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                Path.of("target/classes").toAbsolutePath().toString(),
                "io.jlima.client.Client"));
        line.addAll(List.of(words));
        ProcessBuilder builder = new ProcessBuilder(line);
        builder.environment().put("_JLIMA_HOME", home.toString());
        builder.environment().put("_JLIMA_PREFIX", home.resolve("prefix").toString());
        builder.environment().put("_JLIMA_VERSION", "0.1.0");
        builder.environment().put("_JLIMA_UMASK", "0027");
        builder.environment().put("_JLIMA_TERMINALS", "000");
        builder.environment().put("MARK", "of the caller");
        builder.directory(home.toFile());
        return builder;
    }

    record Outcome(int code, String out, String err) {}

    private Outcome run(ProcessBuilder builder, String input) throws Exception {
        Path err = home.resolve("err");
        Process process = builder.redirectError(err.toFile()).start();
        processes.add(process);
        try (var stdin = process.getOutputStream()) {
            stdin.write(input.getBytes(StandardCharsets.UTF_8));
        }
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Outcome(process.waitFor(), out, Files.readString(err));
    }

    @Test
    void carriesTheCallThereAndTheAnswerBack() throws Exception {
        List<String> strings = new CopyOnWriteArrayList<>();
        daemon(c -> {
            Frame request = c.next();
            DataInputStream data = new DataInputStream(new ByteArrayInputStream(request.body()));
            for (int i = 0; i < 5; i++) {
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
        daemon(c -> {}, c -> assertThat(c.read()).isNotNull(), accepting(c -> c.number(14, 3)));
        assertThat(run(client("x"), "").code()).isEqualTo(3);
    }

    @Test
    void aDaemonOfAnotherVersionIsWaitedForAndThenAskedAgain() throws Exception {
        daemon(
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
        daemon(ends, ends, ends);
        Outcome outcome = run(client("x"), "");
        assertThat(outcome.code()).isOne();
        assertThat(outcome.err())
                .isEqualTo("limactl: the daemon of " + home + " ends each time it is asked; see its log _daemon/log\n");
    }

    @Test
    void aCommandIsNeverGivenTwice() throws Exception {
        daemon(accepting(c -> {}));
        Outcome outcome = run(client("x"), "");
        assertThat(outcome.code()).isOne();
        assertThat(outcome.err()).contains("the daemon ended before the command was done");
    }

    @Test
    void framesThatMakeNoSenseAreRefused() throws Exception {
        daemon(
                accepting(c -> c.raw(ByteBuffer.allocate(5)
                        .put((byte) 12)
                        .putInt((1 << 20) + 1)
                        .flip())),
                accepting(c ->
                        c.raw(ByteBuffer.allocate(5).put((byte) 12).putInt(-1).flip())),
                accepting(c -> c.send(99)),
                accepting(c ->
                        c.raw(ByteBuffer.allocate(5).put((byte) 12).putInt(10).flip())));
        for (String words : List.of(
                "a frame that makes no sense",
                "a frame that makes no sense",
                "unknown type 99",
                "answer was cut off")) {
            Outcome outcome = run(client("x"), "");
            assertThat(outcome.code()).isOne();
            assertThat(outcome.err()).startsWith("limactl: ").contains(words);
        }
    }

    @Test
    void inputIsSentAsFarAsThereIsCredit() throws Exception {
        List<String> pieces = new CopyOnWriteArrayList<>();
        daemon(accepting(c -> {
            String all = "";
            for (int credit = 4; all.length() < 10; ) {
                c.number(15, credit);
                int got = 0;
                while (got < credit && all.length() < 10) {
                    Frame frame = c.next();
                    assertThat(frame.type()).isOne();
                    got += frame.body().length;
                    all += frame.text();
                    pieces.add(frame.text());
                }
                assertThat(got).isLessThanOrEqualTo(credit);
            }
            assertThat(all).isEqualTo("0123456789");
            c.number(15, 4);
            assertThat(c.next().body()).isEmpty();
            c.number(14, 0);
        }));
        assertThat(run(client("cat"), "0123456789").code()).isZero();
        assertThat(pieces).allMatch(p -> p.length() <= 4);
    }

    @Test
    void inputThatNobodyReadsIsLeftForTheNextProgram() throws Exception {
        daemon(accepting(c -> c.number(14, 0)));
        ProcessBuilder builder = client("list");
        List<String> line = new ArrayList<>(List.of("/bin/sh", "-c", "\"$@\"; cat", "sh"));
        line.addAll(builder.command());
        assertThat(run(builder.command(line), "all of it").out()).isEqualTo("all of it");
    }

    @Test
    void aSignalIsTheDaemonsToAnswer() throws Exception {
        daemon(accepting(c -> {
            c.send(17);
            c.send(12, (byte) '!');
            Frame signal = c.next();
            assertThat(signal.type()).isEqualTo(3);
            assertThat(signal.text()).isEqualTo("INT");
            c.number(14, 130);
        }));
        Process process =
                client("x").redirectError(ProcessBuilder.Redirect.DISCARD).start();
        processes.add(process);
        assertThat(process.getInputStream().read())
                .as("signals are caught by now")
                .isEqualTo('!');
        assertThat(new ProcessBuilder("/bin/sh", "-c", "kill -INT " + process.pid())
                        .start()
                        .waitFor())
                .isZero();
        assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isEqualTo(130);
    }

    @Test
    void aDaemonThatIsNotThereIsStarted() throws Exception {
        Path sock = home.resolve("_daemon/sock");
        Files.move(sock, home.resolve("_daemon/hidden"));
        Files.writeString(home.resolve("prefix/lib/daemon.sh"), "mv \"$1/_daemon/hidden\" \"$1/_daemon/sock\"\n");
        daemon(accepting(c -> c.number(14, 5)));
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
        builder.environment().put("_JLIMA_HOME", "/" + "h".repeat(110));
        Outcome outcome = run(builder, "");
        assertThat(outcome.code()).isOne();
        assertThat(outcome.err()).contains("is too long for a socket in it");
        builder.environment().remove("_JLIMA_HOME");
        assertThat(run(builder, "").err())
                .isEqualTo("limactl: _JLIMA_HOME is not set; start this program by bin/limactl\n");
    }
}
