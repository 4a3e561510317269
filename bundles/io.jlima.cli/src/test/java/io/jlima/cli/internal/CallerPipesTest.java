// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Streams of a caller that the daemon opens itself; the caller is a process that does nothing with them. */
@Timeout(60)
@EnabledOnOs(OS.LINUX)
class CallerPipesTest {
    @TempDir
    Path folder;

    private Process caller;
    private Frames daemon;
    private Frames client;
    private SocketChannel daemonEnd;
    private SocketChannel clientEnd;

    @BeforeEach
    void open() throws IOException {
        caller = new ProcessBuilder("sleep", "1000").start();
        UnixDomainSocketAddress address = UnixDomainSocketAddress.of(folder.resolve("s"));
        try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            server.bind(address);
            clientEnd = SocketChannel.open(address);
            daemonEnd = server.accept();
        }
        daemon = new Frames(daemonEnd);
        client = new Frames(clientEnd);
    }

    @AfterEach
    void close() throws Exception {
        daemonEnd.close();
        clientEnd.close();
        caller.destroyForcibly().waitFor();
    }

    private CallerPipe pipe(int stream) throws IOException {
        Path path = Path.of("/proc/" + caller.pid() + "/fd/" + stream);
        return new CallerPipe(caller.pid(), stream, (Long) Files.getAttribute(path, "unix:dev"), (Long)
                Files.getAttribute(path, "unix:ino"));
    }

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

    /** A client that sends one byte, the next number, whenever it may. */
    private static CreditedInput counting() {
        AtomicInteger number = new AtomicInteger();
        CreditedInput[] sent = new CreditedInput[1];
        sent[0] = new CreditedInput(1, bytes -> sent[0].add(new byte[] {(byte) number.incrementAndGet()}));
        return sent[0];
    }

    /** Input of which the client has sent all that it may. */
    private static PipeInput passing(CallerPipe pipe) throws IOException {
        PipeInput in = new PipeInput(pipe, counting());
        assertThat(in.read()).isOne();
        return in;
    }

    /** How many descriptors this process has of the pipe. */
    private static long open(CallerPipe pipe) throws IOException {
        try (Stream<Path> descriptors = Files.list(Path.of("/proc/self/fd"))) {
            return descriptors.filter(d -> isOf(pipe, d)).count();
        }
    }

    private static boolean isOf(CallerPipe pipe, Path descriptor) {
        try {
            return Files.readSymbolicLink(descriptor).toString().equals("pipe:[" + pipe.inode() + "]");
        } catch (IOException e) {
            return false;
        }
    }

    private static void print(OutputStream to, String text) throws IOException {
        to.write(text.getBytes(StandardCharsets.UTF_8));
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
    void inputIsTakenAsFarAsItIsWanted() throws Exception {
        OutputStream writer = caller.getOutputStream();
        print(writer, "abcdef");
        writer.flush();
        CallerPipe pipe = pipe(0);
        PipeInput in = passing(pipe);
        assertThat(open(pipe)).as("the writing end").isOne();
        assertThat(in.read()).isEqualTo('a');
        byte[] two = new byte[2];
        assertThat(in.read(two)).isEqualTo(2);
        assertThat(two).asString().isEqualTo("bc");
        try (FileInputStream left = new FileInputStream("/proc/" + caller.pid() + "/fd/0")) {
            assertThat(left.available()).as("left for the next program").isEqualTo(3);
        }
        writer.close();
        assertThat(in.readAllBytes()).asString().isEqualTo("def");
        assertThat(in.read()).isEqualTo(-1);
        in.end();
        assertThat(open(pipe)).as("neither end").isZero();
    }

    @Test
    void inputThatCannotBeHadGoesOnComingThroughTheClient() throws Exception {
        CallerPipe real = pipe(0);
        PipeInput in = passing(new CallerPipe(real.pid(), 0, real.device(), real.inode() + 1));
        assertThat(in.read()).isEqualTo(2);
        assertThat(in.read()).isEqualTo(3);
        assertThat(in.available()).isOne();
        in.end();
        assertThat(in.read()).isEqualTo(4);
        assertThat(in.read()).isEqualTo(-1);
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

    @Test
    void aReaderThatWaitsIsFreed() throws Exception {
        CallerPipe pipe = pipe(0);
        long before = open(pipe);
        PipeInput in = passing(pipe);
        CompletableFuture<Object> outcome = new CompletableFuture<>();
        Thread reading = Thread.ofVirtual().start(() -> {
            try {
                outcome.complete(in.read());
            } catch (IOException e) {
                outcome.complete(e);
            }
        });
        while (open(pipe) == before) {
            Thread.onSpinWait();
        }
        in.end();
        assertThat(outcome.get(20, TimeUnit.SECONDS)).isEqualTo(-1);
        reading.join();
        assertThat(open(pipe)).isEqualTo(before);
    }

    @Test
    void anInterruptedReaderLosesNothing() throws Exception {
        PipeInput in = passing(pipe(0));
        Thread.currentThread().interrupt();
        assertThatThrownBy(in::read).isInstanceOf(InterruptedIOException.class);
        assertThat(Thread.interrupted()).isTrue();
        try (OutputStream writer = caller.getOutputStream()) {
            print(writer, "xy");
        }
        assertThat(in.readAllBytes()).asString().isEqualTo("xy");
    }
}
