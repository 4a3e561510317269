// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.FileInputStream;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

/** The input of a caller that the daemon opens itself. */
@EnabledOnOs(OS.LINUX)
class PipeInputTest extends WithCaller {
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
