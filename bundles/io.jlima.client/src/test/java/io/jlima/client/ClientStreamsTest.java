// SPDX-License-Identifier: Apache-2.0
package io.jlima.client;

import static io.jlima.client.ScriptedDaemon.accepting;
import static io.jlima.client.ScriptedDaemon.assertHasLeft;
import static org.assertj.core.api.Assertions.assertThat;

import io.jlima.client.ScriptedDaemon.Frame;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** The caller's streams and signals. */
@ParameterizedClass
@MethodSource("io.jlima.client.TestedClient#all")
class ClientStreamsTest extends ClientCase {
    ClientStreamsTest(TestedClient client) {
        super(client);
    }

    @Test
    void inputIsSentAsFarAsThereIsCredit() throws Exception {
        List<String> pieces = new CopyOnWriteArrayList<>();
        daemon.plays(accepting(c -> {
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
        daemon.plays(accepting(c -> c.number(14, 0)));
        assertThat(run(inShell("\"$@\"; cat", client("list")), "all of it").out())
                .isEqualTo("all of it");
    }

    @Test
    void aReaderThatHasEnoughEndsTheClientSilently() throws Exception {
        daemon.plays(accepting(c -> {
            try {
                while (true) {
                    c.send(12, new byte[65536]);
                }
            } catch (IOException e) {
                assertHasLeft(e);
            }
        }));
        Outcome outcome = run(inShell("{ \"$@\"; echo $? >code; } | head -c 1", client("list")), "");
        assertThat(outcome.out()).hasSize(1);
        assertThat(outcome.err()).isEmpty();
        assertThat(home.resolve("code")).hasContent("141");
    }

    @Test
    void outputThatCannotBeWrittenIsAnError() throws Exception {
        daemon.plays(accepting(c -> c.send(12, (byte) 'x')));
        Outcome outcome = run(inShell("\"$@\" >/dev/full", client("list")), "");
        assertThat(outcome.code()).isOne();
        assertThat(outcome.err()).isEqualTo("limactl: cannot write to standard output: No space left on device\n");
    }

    /** Until somebody reads, nothing more is taken from the daemon, and yet a signal is passed on at once. */
    @Test
    void aFullPipeHoldsUpNoSignal() throws Exception {
        CompletableFuture<String> signalled = new CompletableFuture<>();
        daemon.plays(accepting(c -> {
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
        Process process = start(client("x").redirectError(ProcessBuilder.Redirect.DISCARD));
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
        daemon.plays(accepting(c -> {
            for (int at = 0; at < all.length; at += 60_000) {
                c.send(12, Arrays.copyOfRange(all, at, at + 60_000));
            }
            c.number(14, 0);
        }));
        Process process = start(inShell("\"$@\" | cat", client("x")).redirectError(ProcessBuilder.Redirect.DISCARD));
        assertThat(process.getInputStream().readAllBytes()).isEqualTo(all);
    }

    @Test
    void aSignalIsTheDaemonsToAnswer() throws Exception {
        daemon.plays(accepting(c -> {
            c.send(17);
            c.send(12, (byte) '!');
            Frame signal = c.next();
            assertThat(signal.type()).isEqualTo(3);
            assertThat(signal.text()).isEqualTo("INT");
            c.number(14, 130);
        }));
        Process process = start(client("x").redirectError(ProcessBuilder.Redirect.DISCARD));
        assertThat(process.getInputStream().read())
                .as("signals are caught by now")
                .isEqualTo('!');
        signal(process.pid(), "INT");
        assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isEqualTo(130);
    }
}
