// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class CreditedInputTest {
    private static final int WINDOW = 8;

    private final List<Integer> grants = new CopyOnWriteArrayList<>();
    private final CountDownLatch granted = new CountDownLatch(1);
    private final CreditedInput in = new CreditedInput(WINDOW, bytes -> {
        grants.add(bytes);
        granted.countDown();
    });

    /** Reads on a thread of its own. */
    private final class Reader {
        final AtomicReference<@Nullable Object> outcome = new AtomicReference<>();
        final Thread thread = Thread.ofPlatform().start(() -> {
            try {
                outcome.set(in.read());
            } catch (IOException e) {
                outcome.set(Thread.currentThread().isInterrupted() ? e : new AssertionError("flag lost", e));
            }
        });

        @Nullable
        Object outcome() throws InterruptedException {
            assertThat(thread.join(java.time.Duration.ofSeconds(20))).isTrue();
            return outcome.get();
        }
    }

    @Test
    void nothingIsAskedForBeforeSomebodyReads() throws Exception {
        assertThat(in.available()).isZero();
        assertThat(grants).isEmpty();
        Reader reader = new Reader();
        assertThat(granted.await(20, TimeUnit.SECONDS)).isTrue();
        assertThat(grants).containsExactly(WINDOW);
        in.add(new byte[] {(byte) 200});
        assertThat(reader.outcome()).isEqualTo(200);
    }

    @Test
    void creditIsGivenBackInLargePieces() throws Exception {
        Reader first = new Reader();
        assertThat(granted.await(20, TimeUnit.SECONDS)).isTrue();
        in.add(new byte[] {1, 2, 3, 4, 5, 6, 7, 8});
        assertThat(first.outcome()).isEqualTo(1);
        byte[] target = new byte[10];
        assertThat(in.read(target, 1, 2)).isEqualTo(2);
        assertThat(target).startsWith(0, 2, 3, 0);
        assertThat(grants).as("less than half the window is read").containsExactly(WINDOW);
        assertThat(in.available()).isEqualTo(5);
        assertThat(in.read(target)).isEqualTo(5);
        assertThat(grants.stream().mapToInt(i -> i).sum())
                .as("a window may be on its way")
                .isEqualTo(2 * WINDOW);
        assertThat(in.read(target, 0, 0)).isZero();
    }

    @Test
    void theEndComesAfterWhatWasSent() throws Exception {
        Reader first = new Reader();
        assertThat(granted.await(20, TimeUnit.SECONDS)).isTrue();
        in.add(new byte[] {1, 2});
        in.end();
        assertThat(first.outcome()).isEqualTo(1);
        assertThat(in.read()).isEqualTo(2);
        assertThat(in.read()).isEqualTo(-1);
        assertThat(in.read()).isEqualTo(-1);
    }

    @Test
    void aReaderCanBeInterrupted() throws Exception {
        Reader reader = new Reader();
        assertThat(granted.await(20, TimeUnit.SECONDS)).isTrue();
        reader.thread.interrupt();
        assertThat(reader.outcome()).isInstanceOf(InterruptedIOException.class);
    }

    @Test
    void aSenderThatExceedsItsCreditIsRefused() throws Exception {
        assertThatThrownBy(() -> in.add(new byte[1])).hasMessage("the sender exceeds its credit by 1 bytes");
        CreditedInput other = new CreditedInput(WINDOW, bytes -> {});
        Thread reader = Thread.ofVirtual().start(() -> {
            try {
                other.read();
            } catch (IOException e) {
                Thread.currentThread().interrupt();
            }
        });
        other.end();
        assertThat(reader.join(java.time.Duration.ofSeconds(20))).isTrue();
        other.add(new byte[WINDOW]);
        assertThatThrownBy(() -> other.add(new byte[1])).isInstanceOf(IOException.class);
    }
}
