// SPDX-License-Identifier: Apache-2.0
package io.jlima.ssh.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jlima.api.LimaException;
import io.jlima.api.ssh.SshConnection;
import io.jlima.api.ssh.SshConnection.Result;
import io.jlima.api.ssh.SshProcess;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The one connection that all commands share: how many at once, what is left of them, and its end. */
@Timeout(180)
final class KeptConnectionTest extends ConnectedSshd {
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
    void deadConnectionIsToldToEverybody() throws Exception {
        SshProcess process = connection.start("cat", null, NO_VARIABLES);
        CompletableFuture<Throwable> running = new CompletableFuture<>();
        Thread.ofVirtual().start(() -> {
            try {
                connection.run("exec " + Sleeper.COMMAND, "", TIME);
            } catch (IOException | InterruptedException e) {
                running.complete(e);
            }
        });
        Eventually.holds("the command runs", TIME, Sleeper::runs);
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
        SshProcess stubborn = connection.start("trap '' HUP; echo ready; exec " + Sleeper.COMMAND, null, NO_VARIABLES);
        assertThat(reader(stubborn).readLine()).isEqualTo("ready");
        stubborn.close();
        assertThat(stubborn.waitFor()).isEqualTo(ExitCode.UNKNOWN);

        // The shell has said that it is ready a moment before it becomes what is looked for below.
        Eventually.holds("the command runs", TIME, Sleeper::runs);
        // sshd counts it too.
        assertThat(connection.run("true", "", TIME).exitCode()).isZero();
        assertThat(connection.freeSlots()).isEqualTo(KeptConnection.MOST_COMMANDS - 1);
        Sleeper.end();
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

    /** Threads that somebody has made, without those on which virtual threads run and those that watch processes. */
    private static long threads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> !thread.getName().startsWith("ForkJoinPool")
                        && !thread.getName().startsWith("process reaper")
                        && !thread.getName().startsWith("VirtualThread-"))
                .count();
    }
}
