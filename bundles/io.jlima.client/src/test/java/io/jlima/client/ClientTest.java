// SPDX-License-Identifier: Apache-2.0
package io.jlima.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** The programs themselves, each in turn, against a daemon that says what the test has written down. */
@Timeout(60)
@ParameterizedClass
@MethodSource("io.jlima.client.TestedClient#all")
class ClientTest {
    private final TestedClient client;

    @TempDir
    Path home;

    private ServerSocketChannel server;
    private final List<Process> processes = new ArrayList<>();
    private final List<Throwable> faults = new CopyOnWriteArrayList<>();
    private @Nullable Thread serving;

    ClientTest(TestedClient client) {
        this.client = client;
    }

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
        client.install(home.resolve("prefix"));
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
        List<String> line = new ArrayList<>(List.of("/bin/sh", "-c", "umask 027; exec \"$@\"", "sh"));
        line.addAll(client.command(home.resolve("prefix")));
        line.addAll(List.of(words));
        ProcessBuilder builder = new ProcessBuilder(line);
        builder.environment().putAll(client.settings(home, home.resolve("prefix")));
        builder.environment().put("MARK", "of the caller");
        builder.directory(home.toFile());
        return builder;
    }

    /** The client within a line of a shell, where it stands as {@code "$@"}. */
    private ProcessBuilder inShell(String line, ProcessBuilder client) {
        List<String> words = new ArrayList<>(List.of("/bin/sh", "-c", line, "sh"));
        words.addAll(client.command());
        return client.command(words);
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

    private static Script framed(int type, int length, int... body) {
        ByteBuffer frame = ByteBuffer.allocate(5 + body.length).put((byte) type).putInt(length);
        for (int b : body) {
            frame.put((byte) b);
        }
        return accepting(c -> c.raw(frame.flip()));
    }

    @Test
    void framesThatMakeNoSenseAreRefused() throws Exception {
        String nonsense = "a frame that makes no sense";
        Map<Script, String> cases = new LinkedHashMap<>();
        cases.put(framed(12, (1 << 20) + 1), nonsense);
        cases.put(framed(13, -1), nonsense);
        cases.put(framed(99, 0), "unknown type 99");
        cases.put(framed(0, 4, 1, 2, 3, 4), "unknown type 0");
        cases.put(framed(12, 10), "answer was cut off");
        cases.put(framed(12, 10, 'x'), "answer was cut off");
        cases.put(framed(14, 3, 0, 0, 0), nonsense);
        cases.put(framed(14, 5, 0, 0, 0, 0, 0), nonsense);
        cases.put(framed(14, 1 << 30), nonsense);
        cases.put(framed(14, 4, 0), "answer was cut off");
        cases.put(framed(15, 0), nonsense);
        cases.put(framed(15, 4, 0xff, 0xff, 0xff, 0xff), nonsense);
        cases.put(framed(16, 0), nonsense);
        cases.put(framed(17, 4, 0, 0, 0, 0), nonsense);
        cases.put(framed(10, 1, 0), nonsense);
        daemon(cases.keySet().toArray(Script[]::new));
        for (String words : cases.values()) {
            Outcome outcome = run(client("x"), "");
            assertThat(outcome.code()).isOne();
            assertThat(outcome.err()).startsWith("limactl: ").contains(words);
        }
    }

    @Test
    void creditThatOverflowsIsRefused() throws Exception {
        daemon(accepting(c -> {
            c.number(15, Integer.MAX_VALUE);
            c.number(15, Integer.MAX_VALUE);
            // It may send input before it has seen that.
            while (c.read() != null) {}
        }));
        Outcome outcome = run(client("x"), "");
        assertThat(outcome.code()).isOne();
        assertThat(outcome.err()).contains("makes no sense");
    }

    /** Random bytes, each the same in every run: whatever a daemon says, the client ends by itself and in order. */
    @Test
    void noiseEndsTheClientInOrder() throws Exception {
        int rounds = client.isQuick() ? 200 : 10;
        serving = Thread.ofPlatform().start(() -> {
            for (int seed = 0; server.isOpen(); seed++) {
                Random random = new Random(seed);
                try (SocketChannel channel = server.accept()) {
                    accepting(c -> makeNoise(c, random)).play(new Connection(channel));
                } catch (ClosedChannelException e) {
                    return;
                } catch (IOException e) {
                    // The client has heard enough.
                    assertThat(e).hasMessageMatching("Broken pipe|Connection reset.*");
                } catch (Throwable e) {
                    faults.add(e);
                    return;
                }
            }
        });
        Path err = home.resolve("err");
        for (int i = 0; i < rounds; i++) {
            Process process = client("x")
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .redirectError(err.toFile())
                    .start();
            processes.add(process);
            process.getOutputStream().close();
            assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
            assertThat(Files.readString(err, StandardCharsets.ISO_8859_1))
                    .doesNotContain("Sanitizer")
                    .doesNotContain("runtime error")
                    .doesNotContain("Exception in thread");
        }
    }

    /** Frames mostly of known types and true lengths, else nothing of it would be looked at. */
    private static void makeNoise(Connection c, Random random) throws IOException {
        for (int frames = random.nextInt(8); frames >= 0; frames--) {
            byte[] body = new byte[random.nextInt(9)];
            random.nextBytes(body);
            int type = random.nextInt(8) == 0 ? random.nextInt() : 10 + random.nextInt(9);
            int length = random.nextInt(8) == 0 ? random.nextInt() : body.length;
            c.raw(ByteBuffer.allocate(5 + body.length)
                    .put((byte) type)
                    .putInt(length)
                    .put(body)
                    .flip());
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
        assertThat(run(inShell("\"$@\"; cat", client("list")), "all of it").out())
                .isEqualTo("all of it");
    }

    @Test
    void aReaderThatHasEnoughEndsTheClientSilently() throws Exception {
        daemon(accepting(c -> {
            try {
                while (true) {
                    c.send(12, new byte[65536]);
                }
            } catch (IOException e) {
                assertThat(e).hasMessageMatching("Broken pipe|Connection reset.*");
            }
        }));
        Outcome outcome = run(inShell("{ \"$@\"; echo $? >code; } | head -c 1", client("list")), "");
        assertThat(outcome.out()).hasSize(1);
        assertThat(outcome.err()).isEmpty();
        assertThat(home.resolve("code")).hasContent("141");
    }

    @Test
    void outputThatCannotBeWrittenIsAnError() throws Exception {
        daemon(accepting(c -> c.send(12, (byte) 'x')));
        Outcome outcome = run(inShell("\"$@\" >/dev/full", client("list")), "");
        assertThat(outcome.code()).isOne();
        assertThat(outcome.err())
                .isEqualTo("limactl: cannot write to standard output: No space left on device\n");
    }

    /** Until somebody reads, nothing more is taken from the daemon, and yet a signal is passed on at once. */
    @Test
    void aFullPipeHoldsUpNoSignal() throws Exception {
        CompletableFuture<String> signalled = new CompletableFuture<>();
        daemon(accepting(c -> {
            c.send(17);
            c.send(12, (byte) '!');
            Thread reader = Thread.ofVirtual().start(() -> {
                try {
                    signalled.complete(c.next().text());
                } catch (IOException e) {
                    signalled.completeExceptionally(e);
                }
            });
            int frames = 0;
            while (!signalled.isDone()) {
                // Far more than any pipe or socket holds, so that this waits.
                c.send(12, new byte[65536]);
                frames++;
            }
            reader.join();
            assertThat(frames).isLessThan(64);
            c.number(14, 130);
        }));
        Process process =
                client("x").redirectError(ProcessBuilder.Redirect.DISCARD).start();
        processes.add(process);
        assertThat(process.getInputStream().read()).isEqualTo('!');
        signal(process.pid(), "INT");
        assertThat(signalled.get(20, TimeUnit.SECONDS)).isEqualTo("INT");
        assertThat(process.getInputStream().readAllBytes()).hasSizeGreaterThan(65535);
        assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isEqualTo(130);
    }

    @Test
    void muchGoesThroughWhole() throws Exception {
        byte[] all = new byte[3_000_000];
        new Random(1).nextBytes(all);
        daemon(accepting(c -> {
            for (int at = 0; at < all.length; at += 60_000) {
                c.send(12, Arrays.copyOfRange(all, at, at + 60_000));
            }
            c.number(14, 0);
        }));
        Process process = inShell("\"$@\" | cat", client("x"))
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        processes.add(process);
        assertThat(process.getInputStream().readAllBytes()).isEqualTo(all);
    }

    @Test
    void closedStreamsAreNotMistakenForWhateverIsOpenedNext() throws Exception {
        assumeThat(client.isNative())
                .as("the Java client's launcher sees to that; see DaemonIT")
                .isTrue();
        daemon(
                accepting(c -> {
                    c.number(15, 10);
                    Frame input = c.next();
                    assertThat(input.type()).isOne();
                    assertThat(input.body()).isEmpty();
                    c.number(14, 0);
                }),
                accepting(c -> c.send(12, (byte) 'x')),
                accepting(c -> c.number(14, 7)));
        assertThat(run(inShell("\"$@\" <&-", client("cat")), "").code()).isZero();
        Outcome noOutput = run(inShell("\"$@\" >&-", client("list")), "");
        assertThat(noOutput.code()).isOne();
        assertThat(noOutput.err()).isEqualTo("limactl: cannot write to standard output: Bad file descriptor\n");
        assertThat(run(inShell("\"$@\" <&- >&- 2>&-", client("list")), "").code())
                .isEqualTo(7);
    }

    private static void signal(long pid, String name) throws Exception {
        assertThat(new ProcessBuilder("/bin/sh", "-c", "kill -" + name + " " + pid)
                        .start()
                        .waitFor())
                .isZero();
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
        signal(process.pid(), "INT");
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

    // In a terminal, which script(1) makes.

    private String settings(Path terminal) throws Exception {
        Process stty = new ProcessBuilder("stty", "-g", "-F", Files.readString(terminal).strip()).start();
        return new String(stty.getInputStream().readAllBytes(), StandardCharsets.US_ASCII).strip();
    }

    @Test
    void aTerminalIsRawWhileThatIsWantedAndAsBeforeThen() throws Exception {
        Path tty = home.resolve("tty");
        BlockingQueue<Frame> frames = new LinkedBlockingQueue<>();
        CompletableFuture<Connection> connected = new CompletableFuture<>();
        daemon(c -> {
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
                "tty >tty; stty rows 24 cols 80; stty -g >before; sh -c 'echo $$ >pid; exec \"$@\"' sh \"$@\"; code=$?;"
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
        Process script = builder.command("script", "-q", "-e", "-c", line.toString(), "/dev/null")
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        processes.add(script);
        while (script.getInputStream().read() != '!') {}
        Connection daemon = connected.get(20, TimeUnit.SECONDS);
        String before = Files.readString(home.resolve("before")).strip();
        String raw = settings(tty);
        assertThat(raw).isNotEqualTo(before);

        script.getOutputStream().write(3);
        script.getOutputStream().flush();
        Frame key = frames.poll(20, TimeUnit.SECONDS);
        assertThat(key).isNotNull().returns(1, Frame::type).returns("\u0003", Frame::text);

        new ProcessBuilder("stty", "-F", Files.readString(tty).strip(), "rows", "33", "cols", "77")
                .start()
                .waitFor();
        assertSize(frames.poll(20, TimeUnit.SECONDS));

        long pid = Long.parseLong(Files.readString(home.resolve("pid")).strip());
        if (client.isNative()) {
            signal(pid, "TSTP");
            while (!Files.readString(Path.of("/proc/" + pid + "/stat")).contains(") T ")) {
                Thread.onSpinWait();
            }
            assertThat(settings(tty)).as("the shell's again while stopped").isEqualTo(before);
            signal(pid, "CONT");
            assertSize(frames.poll(20, TimeUnit.SECONDS));
            assertThat(settings(tty)).isEqualTo(raw);
        }
        signal(pid, "TERM");
        assertThat(frames.poll(20, TimeUnit.SECONDS)).isNotNull().returns("TERM", Frame::text);
        assertThat(settings(tty)).isEqualTo(raw);
        daemon.number(14, 9);
        assertThat(script.waitFor(20, TimeUnit.SECONDS)).isTrue();
        assertThat(script.exitValue()).isEqualTo(9);
        assertThat(home.resolve("after")).hasContent(before);
    }

    private static void assertSize(@Nullable Frame frame) {
        if (frame == null) {
            throw new AssertionError("the client says nothing of the terminal's size");
        }
        assertThat(frame.type()).isEqualTo(2);
        assertThat(frame.body()).containsExactly(0, 0, 0, 77, 0, 0, 0, 33);
    }
}
