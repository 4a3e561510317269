// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** Outputs of a caller that the daemon opens itself. */
@EnabledOnOs(OS.LINUX)
class CallerOutputTest extends WithCaller {
    private CallerOutput output(int... streams) throws IOException {
        List<CallerPipe> pipes = new java.util.ArrayList<>();
        for (int stream : streams) {
            pipes.add(pipe(stream));
        }
        return passing(pipes);
    }

    /** One whose client has left everything to the daemon, and was asked to. */
    private CallerOutput passing(List<CallerPipe> pipes) {
        CallerOutput output = new CallerOutput(pipes, daemon, 0);
        output.left();
        return output;
    }

    /** The next frame to the client after it was asked to leave its outputs alone. */
    private Frames.@Nullable Frame afterAsking() throws IOException {
        assertThat(client.read()).isNotNull().returns(Frames.LEAVE_OUTPUT, Frames.Frame::type);
        return client.read();
    }

    @Test
    void outputGoesRightThere() throws Exception {
        CallerOutput output = output(1, 2);
        print(output.stream(1), "to its output");
        print(output.stream(2), "to its error");
        output.finish(() -> false);
        assertThat(caller.getInputStream().readNBytes(13)).asString().isEqualTo("to its output");
        assertThat(caller.getErrorStream().readNBytes(12)).asString().isEqualTo("to its error");
        assertThatThrownBy(() -> print(output.stream(1), "late")).isInstanceOf(IOException.class);
    }

    @Test
    void theOtherOneMayGoThroughTheClient() throws Exception {
        CallerOutput output = output(1);
        print(output.stream(1), "one");
        print(output.stream(2), "two");
        output.finish(() -> false);
        assertThat(afterAsking())
                .isNotNull()
                .returns(Frames.STDERR, Frames.Frame::type)
                .returns("two", f -> f.text());
        assertThat(caller.getInputStream().readNBytes(3)).asString().isEqualTo("one");
    }

    @Test
    void bothInOnePipeKeepTheirOrder() throws Exception {
        caller.destroyForcibly().waitFor();
        caller = new ProcessBuilder("sleep", "1000").redirectErrorStream(true).start();
        CallerOutput output = output(1, 2);
        StringBuilder all = new StringBuilder();
        for (int i = 0; i < 2000; i++) {
            String line = "line " + i + "\n";
            all.append(line);
            print(output.stream(1 + i % 2), line);
        }
        output.finish(() -> false);
        assertThat(caller.getInputStream().readNBytes(all.length())).asString().isEqualTo(all.toString());
    }

    @Test
    void muchGoesThroughWhole() throws Exception {
        byte[] all = new byte[3_000_000];
        new Random(2).nextBytes(all);
        CompletableFuture<byte[]> read = new CompletableFuture<>();
        Thread.ofPlatform().start(() -> {
            try {
                read.complete(caller.getInputStream().readNBytes(all.length));
            } catch (IOException e) {
                read.completeExceptionally(e);
            }
        });
        CallerOutput output = output(1);
        output.stream(1).write(all);
        output.finish(() -> false);
        assertThat(read.get(30, TimeUnit.SECONDS)).isEqualTo(all);
    }

    @Test
    void whatIsNotTheClientsIsNotTouched() throws Exception {
        CallerPipe real = pipe(1);
        for (CallerPipe wrong : List.of(
                new CallerPipe(real.pid(), 1, real.device(), real.inode() + 1),
                new CallerPipe(real.pid(), 2, real.device(), real.inode()),
                new CallerPipe(Integer.MAX_VALUE, 1, real.device(), real.inode()))) {
            CallerOutput output = passing(List.of(wrong));
            print(output.stream(wrong.stream()), "copied");
            output.finish(() -> false);
            assertThat(afterAsking()).isNotNull().returns("copied", Frames.Frame::text);
        }
        assertThat(caller.getInputStream().available()).isZero();
    }

    @Test
    void aReaderThatHasEnoughIsNews() throws Exception {
        CallerOutput output = output(1);
        caller.getInputStream().close();
        print(output.stream(1), "unheard");
        assertThat(afterAsking()).isNotNull().returns(Frames.NOBODY_READS, Frames.Frame::type);
        output.finish(() -> false);
        assertThatThrownBy(() -> print(output.stream(1), "more")).isInstanceOf(IOException.class);
    }

    /** Writes more than fits, on a thread that ends when that fails. */
    private static CompletableFuture<Throwable> flood(OutputStream to, Thread.Builder how) {
        CompletableFuture<Throwable> failure = new CompletableFuture<>();
        how.start(() -> {
            try {
                while (true) {
                    to.write(new byte[10_000]);
                }
            } catch (IOException e) {
                failure.complete(e);
            }
        });
        return failure;
    }

    /** Until the pipe holds all it can, and whoever writes waits. */
    private void awaitFull() throws IOException {
        InputStream out = caller.getInputStream();
        while (out.available() < 60_000) {
            Thread.onSpinWait();
        }
    }

    @Test
    void aCallerThatLeavesFreesWhoeverWrites() throws Exception {
        CallerPipe pipe = pipe(1);
        long before = open(pipe);
        CallerOutput output = output(1);
        CompletableFuture<Throwable> failure = flood(output.stream(1), Thread.ofVirtual());
        awaitFull();
        assertThat(open(pipe)).isEqualTo(before + 1);
        output.abandon();
        assertThat(failure.get(20, TimeUnit.SECONDS)).hasMessage("the caller is gone, or reads no more");
        assertThat(open(pipe)).isEqualTo(before);
        output.finish(() -> false);
    }

    @Test
    void whoeverIsInterruptedWaitsNoLongerForAReader() throws Exception {
        CallerPipe pipe = pipe(1);
        long before = open(pipe);
        CallerOutput output = output(1);
        CompletableFuture<Thread> writing = new CompletableFuture<>();
        CompletableFuture<Throwable> failure = flood(
                new OutputStream() {
                    @Override
                    public void write(int b) throws IOException {
                        output.stream(1).write(b);
                    }

                    @Override
                    public void write(byte[] bytes, int offset, int length) throws IOException {
                        writing.complete(Thread.currentThread());
                        output.stream(1).write(bytes, offset, length);
                    }
                },
                Thread.ofVirtual());
        awaitFull();
        writing.get().interrupt();
        assertThat(failure.get(20, TimeUnit.SECONDS)).isInstanceOf(InterruptedIOException.class);
        output.finish(() -> true);
        assertThat(open(pipe)).isEqualTo(before);
    }

    @Test
    void littleGoesThroughTheClient() throws Exception {
        CallerOutput output = new CallerOutput(List.of(pipe(1)), daemon, 10);
        print(output.stream(1), "12345");
        print(output.stream(2), "12345");
        assertThat(client.read()).isNotNull().returns(Frames.STDOUT, Frames.Frame::type);
        assertThat(client.read()).isNotNull().returns(Frames.STDERR, Frames.Frame::type);
        assertThat(caller.getInputStream().available()).isZero();
        print(output.stream(1), "more");
        assertThat(client.read()).isNotNull().returns(Frames.LEAVE_OUTPUT, Frames.Frame::type);
        assertThat(caller.getInputStream().available())
                .as("before the client has agreed")
                .isZero();
        output.left();
        assertThat(caller.getInputStream().readNBytes(4)).asString().isEqualTo("more");
        output.finish(() -> false);
    }
}
