// SPDX-License-Identifier: Apache-2.0
package io.jlima.ssh.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jlima.api.LimaException;
import io.jlima.api.ssh.SshConnection;
import io.jlima.api.ssh.SshConnection.Result;
import io.jlima.api.ssh.SshConnection.Terminal;
import io.jlima.api.ssh.SshProcess;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(180)
final class KeptConnectionTest {
    private static final Duration TIME = Duration.ofSeconds(60);
    private static final Map<String, String> NO_VARIABLES = Map.of();

    @TempDir
    static Path temporary;

    private static SshdConnector connector;
    private static Path identity;
    private static Sshd sshd;

    /** Tells the processes of this run from any others of the machine. */
    private static final String SLEEP = "sleep 1000." + ProcessHandle.current().pid();

    private KeptConnection connection;

    @BeforeAll
    static void start() throws Exception {
        connector = new SshdConnector();
        String userKey = connector.userKey(temporary);
        identity = temporary.resolve("user");
        sshd = Sshd.start(temporary, connector.newHostKey("guest"), userKey);
    }

    @AfterAll
    static void stop() throws IOException {
        connector.stop();
        if (sshd != null) {
            sshd.close();
        }
    }

    @BeforeEach
    void connect() throws Exception {
        sshd.clearLog();
        connection = (KeptConnection) connector.connect(sshd.target(identity), TIME);
    }

    @AfterEach
    void disconnect() {
        connection.close();
        // An sshd that may not signal (see awaitHungUp) leaves them behind.
        ProcessHandle.allProcesses()
                .filter(process -> commandLine(process).equals(SLEEP))
                .forEach(ProcessHandle::destroyForcibly);
    }

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
        assertThatThrownBy(() -> connection.run("exec " + SLEEP, "", Duration.ofMillis(300)))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("did not end within 0.3 s: exec " + SLEEP);
        awaitHungUp();
        assertThat(connection.run("echo still here", "", TIME).stdout()).isEqualTo("still here\n");
    }

    @Test
    void interruptEndsTheCommand() throws Exception {
        CompletableFuture<Throwable> result = new CompletableFuture<>();
        Thread caller = Thread.ofVirtual().start(() -> {
            try {
                connection.run("exec " + SLEEP, "", TIME);
            } catch (IOException | InterruptedException e) {
                result.complete(e);
            }
        });
        Eventually.holds("the command runs", TIME, () -> runs());
        caller.interrupt();

        assertThat(result.get(60, TimeUnit.SECONDS)).isInstanceOf(InterruptedException.class);
        awaitHungUp();
        assertThat(connection.isOpen()).isTrue();
    }

    @Test
    void closingAProcessEndsItAndItsStreams() throws Exception {
        SshProcess process = connection.start("exec " + SLEEP, null, NO_VARIABLES);
        Eventually.holds("the command runs", TIME, () -> runs());
        process.close();

        assertThat(process.stdout().read()).isEqualTo(-1);
        assertThat(process.waitFor()).isNotZero();
        assertThatThrownBy(() -> process.stdin().write(1)).isInstanceOf(IOException.class);
        awaitHungUp();
        process.close();
    }

    @Test
    void closingATalkingProcessHarmsNobodyElse() throws Exception {
        for (int i = 0; i < 20; i++) {
            SshProcess talker = connection.start("yes", null, NO_VARIABLES);
            assertThat(talker.stdout().read()).isEqualTo('y');
            talker.close();
        }
        assertThat(connection.run("echo fine", "", TIME).stdout()).isEqualTo("fine\n");
        Eventually.holds("all slots are free", TIME, () -> connection.freeSlots() == KeptConnection.MOST_COMMANDS);
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

    @Test
    void environmentIsSent() throws Exception {
        Map<String, String> variables = Map.of("JLIMA_A", "x y 'z'", "JLIMA_B", "ü", "REFUSED", "no");
        try (SshProcess process = connection.start("echo \"$JLIMA_A|$JLIMA_B|$REFUSED\"", null, variables)) {
            assertThat(reader(process).readLine()).isEqualTo("x y 'z'|ü|");
        }
    }

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
                connection.start("echo ready; " + SLEEP, new Terminal("vt100", 80, 24), NO_VARIABLES)) {
            String first = reader(process).readLine();
            if (terminalForbidden(process, first)) {
                return;
            }
            assertThat(first).isEqualTo("ready");
            process.stdin().write(3);
            assertThat(process.waitFor()).isEqualTo(130);
        }
    }

    @Test
    void deadConnectionIsToldToEverybody() throws Exception {
        SshProcess process = connection.start("cat", null, NO_VARIABLES);
        CompletableFuture<Throwable> running = new CompletableFuture<>();
        Thread.ofVirtual().start(() -> {
            try {
                connection.run("exec " + SLEEP, "", TIME);
            } catch (IOException | InterruptedException e) {
                running.complete(e);
            }
        });
        Eventually.holds("the command runs", TIME, () -> runs());
        CompletableFuture<Void> closed = connection.closed().toCompletableFuture();
        assertThat(closed).isNotDone();

        sshd.killConnections();

        closed.get(60, TimeUnit.SECONDS);
        assertThat(connection.isOpen()).isFalse();
        assertThat(process.stdout().read()).isEqualTo(-1);
        assertThat(process.waitFor()).isEqualTo(255);
        assertThat(running.get(60, TimeUnit.SECONDS))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("ended while a command ran");
        assertThatThrownBy(() -> connection.run("true", "", TIME))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("has ended");
        assertThatThrownBy(() -> connection.start("true", null, NO_VARIABLES))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("has ended");
    }

    @Test
    void nobodyElseCanCompleteClosed() {
        assertThat(connection.closed().toCompletableFuture().complete(null)).isTrue();
        assertThat(connection.closed().toCompletableFuture()).isNotDone();
    }

    @Test
    void manyRunsLeaveNothingBehind() throws Exception {
        connection.run("true", "", TIME);
        long before = threads();
        for (int i = 0; i < 200; i++) {
            assertThat(connection.run("echo " + i, i % 2 == 0 ? "" : "in", TIME).stdout())
                    .isEqualTo(i + "\n");
        }
        assertThat(connection.channels()).isZero();
        assertThat(connection.freeSlots()).isEqualTo(KeptConnection.MOST_COMMANDS);
        Eventually.holds("no thread is left", TIME, () -> threads() <= before);
    }

    private static void type(OutputStream stdin) {
        try {
            while (true) {
                stdin.write('x');
                stdin.flush();
            }
        } catch (IOException e) {
            // Nobody reads it any more.
        }
    }

    @Test
    void inputForACommandThatEndsDoesNotEndTheConnection() throws Exception {
        for (int i = 0; i < 60; i++) {
            try (SshProcess process = connection.start("exit", null, NO_VARIABLES)) {
                Thread typing = Thread.startVirtualThread(() -> type(process.stdin()));
                process.waitFor();
                typing.join();
            }
            assertThat(connection.isOpen()).as(sshd.log()).isTrue();
        }
        assertThat(connection.run("echo still", "", TIME).stdout()).isEqualTo("still\n");
    }

    @Test
    void moreThanSshdAllowsAtOnceQueueUp() throws Exception {
        int count = 30;
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Result>> results = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                int number = i;
                results.add(threads.submit(() -> connection.run("sleep 0.05; cat", "n" + number, TIME)));
            }
            for (int i = 0; i < count; i++) {
                assertThat(results.get(i).get(60, TimeUnit.SECONDS)).isEqualTo(new Result(0, "n" + i, ""));
            }
        }
        Eventually.holds("all slots are free", TIME, () -> connection.freeSlots() == KeptConnection.MOST_COMMANDS);
    }

    @Test
    void tenthCommandIsToldOfTheNineOthers() throws Exception {
        List<SshProcess> shells = new ArrayList<>();
        try {
            for (int i = 0; i < KeptConnection.MOST_COMMANDS; i++) {
                shells.add(connection.start("cat", null, NO_VARIABLES));
            }
            assertThatThrownBy(() -> connection.run("true", "", Duration.ofMillis(300)))
                    .isInstanceOf(LimaException.class)
                    .hasMessageContaining("Too many commands")
                    .hasMessageContaining("9 commands and shells")
                    .hasMessageContaining("Close a shell");
            CompletableFuture<Integer> waiting = new CompletableFuture<>();
            Thread.ofVirtual().start(() -> {
                try (SshProcess process = connection.start("exit 2", null, NO_VARIABLES)) {
                    waiting.complete(process.waitFor());
                } catch (IOException | InterruptedException | RuntimeException e) {
                    waiting.completeExceptionally(e);
                }
            });
            shells.getFirst().close();
            assertThat(waiting.get(60, TimeUnit.SECONDS)).isEqualTo(2);
        } finally {
            shells.forEach(SshProcess::close);
        }
    }

    @Test
    void refusedChannelIsExplained() throws Exception {
        String userKey = connector.userKey(temporary);
        try (Sshd narrow = Sshd.start(temporary, connector.newHostKey("narrow"), userKey, "MaxSessions 1");
                SshConnection through = connector.connect(narrow.target(identity), TIME);
                SshProcess first = through.start("cat", null, NO_VARIABLES)) {
            assertThatThrownBy(() -> through.start("true", null, NO_VARIABLES))
                    .isInstanceOf(LimaException.class)
                    .hasMessageContaining("refuses to start one more command")
                    .hasMessageContaining("MaxSessions");
            assertThat(((KeptConnection) through).freeSlots()).isEqualTo(KeptConnection.MOST_COMMANDS - 1);
            first.stdin().close();
            assertThat(first.waitFor()).isZero();
            assertThat(through.run("exit 5", "", TIME).exitCode()).isEqualTo(5);
        }
    }

    @Test
    void commandThatOutlivesItsChannelKeepsItsSlot() throws Exception {
        SshProcess stubborn = connection.start("trap '' HUP; echo ready; exec " + SLEEP, null, NO_VARIABLES);
        assertThat(reader(stubborn).readLine()).isEqualTo("ready");
        stubborn.close();
        assertThat(stubborn.waitFor()).isEqualTo(ExitCode.UNKNOWN);

        // The shell has said that it is ready a moment before it becomes what is looked for below.
        Eventually.holds("the command runs", TIME, () -> runs());
        // sshd counts it too.
        assertThat(connection.run("true", "", TIME).exitCode()).isZero();
        assertThat(connection.freeSlots()).isEqualTo(KeptConnection.MOST_COMMANDS - 1);
        ProcessHandle.allProcesses()
                .filter(process -> commandLine(process).equals(SLEEP))
                .forEach(ProcessHandle::destroyForcibly);
        Eventually.holds("all slots are free", TIME, () -> connection.freeSlots() == KeptConnection.MOST_COMMANDS);
    }

    @Test
    void pausedGuestKeepsItsConnection() throws Exception {
        SshdConnector lively = new SshdConnector(Duration.ofMillis(50));
        try (Relay relay = new Relay(sshd.port());
                SshConnection through = lively.connect(
                        new io.jlima.api.ssh.SshConnector.Target(
                                Sshd.HOST, relay.port(), Sshd.USER, sshd.hostPublicKey(), List.of(identity)),
                        TIME)) {
            long idle = relay.sent();
            Eventually.holds("signs of life are asked for", TIME, () -> relay.sent() > idle + 200);
            relay.pause(true);
            assertThatThrownBy(() -> through.run("true", "", Duration.ofSeconds(1)))
                    .isInstanceOf(IOException.class);
            long sent = relay.sent();
            assertThatThrownBy(() -> through.closed().toCompletableFuture().get(500, TimeUnit.MILLISECONDS))
                    .isInstanceOf(java.util.concurrent.TimeoutException.class);
            assertThat(relay.sent()).as("nothing piles up").isEqualTo(sent);
            assertThat(through.isOpen()).isTrue();

            relay.pause(false);

            assertThat(through.run("echo back", "", TIME).stdout()).isEqualTo("back\n");
            long resumed = relay.sent();
            Eventually.holds("signs of life are asked for again", TIME, () -> relay.sent() > resumed + 200);
        } finally {
            lively.stop();
        }
    }

    private static int available(InputStream stream) {
        try {
            return stream.available();
        } catch (IOException e) {
            return -1;
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

    private static boolean ended(SshProcess process) {
        return ((GuestProcess) process).hasEnded();
    }

    private static boolean runs() {
        return ProcessHandle.allProcesses()
                .anyMatch(process -> commandLine(process).equals(SLEEP));
    }

    /**
     * Waits until the sleeping command has been ended. OpenSSH passes signals on only where it has split off a process
     * with the user's rights; for a login as root it does not, and says so in its log.
     */
    private static void awaitHungUp() {
        Eventually.holds("the command has been sent HUP", TIME, () -> !runs() || signalRefused());
    }

    private static boolean signalRefused() {
        return sshd.log().contains("session signalling requires privilege separation");
    }

    private static String commandLine(ProcessHandle process) {
        String[] arguments = process.info().arguments().orElse(new String[0]);
        String program = process.info().command().orElse("");
        return (program.substring(program.lastIndexOf('/') + 1) + " " + String.join(" ", arguments)).strip();
    }

    /** Threads that somebody has made, without those on which virtual threads run and those that watch processes. */
    private static long threads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> !thread.getName().startsWith("ForkJoinPool")
                        && !thread.getName().startsWith("process reaper")
                        && !thread.getName().startsWith("VirtualThread-"))
                .count();
    }

    private static BufferedReader reader(SshProcess process) {
        return new BufferedReader(new InputStreamReader(process.stdout(), StandardCharsets.UTF_8));
    }
}
