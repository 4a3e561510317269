// SPDX-License-Identifier: Apache-2.0
package io.jlima.ssh.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

final class OutputPipeTest {
    private final AtomicInteger taken = new AtomicInteger();
    private final OutputPipe pipe = new OutputPipe(taken::addAndGet);

    @Test
    void bytesComeOutAsTheyWentIn() throws Exception {
        Random random = new Random(7);
        ByteArrayOutputStream in = new ByteArrayOutputStream();
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        // Uneven pieces, more in than out at first, so that the ring both wraps and grows.
        for (int round = 0; round < 2000; round++) {
            byte[] piece = new byte[random.nextInt(3000)];
            random.nextBytes(piece);
            assertThat(pipe.accept(piece, 0, piece.length)).isZero();
            in.write(piece);
            byte[] target = new byte[1 + random.nextInt(2000)];
            int got = in.size() == out.size() ? 0 : pipe.read(target, 0, target.length);
            out.write(target, 0, got);
        }
        pipe.end();
        assertThat(pipe.available()).isEqualTo(in.size() - out.size());
        out.write(pipe.readAllBytes());

        assertThat(Arrays.equals(out.toByteArray(), in.toByteArray())).isTrue();
        assertThat(taken.get()).isEqualTo(in.size());
        assertThat(pipe.read()).isEqualTo(-1);
        assertThat(pipe.available()).isZero();
    }

    @Test
    void singleBytesAreUnsigned() throws Exception {
        pipe.accept(new byte[] {(byte) 0xff, 0}, 0, 2);
        pipe.end();

        assertThat(pipe.read()).isEqualTo(255);
        assertThat(pipe.read()).isZero();
        assertThat(pipe.read()).isEqualTo(-1);
    }

    @Test
    void closedPipeSwallowsAndGivesBackAllRoom() {
        pipe.accept(new byte[100], 0, 100);

        pipe.close();

        assertThat(taken.get()).isEqualTo(100);
        assertThat(pipe.accept(new byte[50], 0, 50)).isEqualTo(50);
        assertThatThrownBy(pipe::read).isInstanceOf(IOException.class).hasMessageContaining("closed");
    }

    @Test
    void waitingReaderIsWokenByCloseAndByInterrupt() throws Exception {
        CompletableFuture<Throwable> closed = new CompletableFuture<>();
        Thread reader = Thread.ofPlatform().start(() -> readInto(closed));
        awaitWaiting(reader);
        reader.interrupt();
        assertThat(closed.get(60, TimeUnit.SECONDS)).isInstanceOf(InterruptedIOException.class);

        CompletableFuture<Throwable> second = new CompletableFuture<>();
        Thread other = Thread.ofPlatform().start(() -> readInto(second));
        awaitWaiting(other);
        pipe.close();
        assertThat(second.get(60, TimeUnit.SECONDS)).isInstanceOf(IOException.class);
    }

    private void readInto(CompletableFuture<Throwable> result) {
        try {
            pipe.read();
            result.complete(new AssertionError("read returned"));
        } catch (IOException e) {
            result.complete(e);
        }
    }

    private static void awaitWaiting(Thread thread) {
        Eventually.holds(
                "the reader waits", java.time.Duration.ofSeconds(60), () -> thread.getState() == Thread.State.WAITING);
    }
}
