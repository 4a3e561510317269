// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.instance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jlima.api.LimaException;
import io.jlima.api.Progress;
import io.jlima.api.machine.Machine;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class StartJobTest {
    private static final Duration LONG = Duration.ofSeconds(Eventually.SECONDS);

    private final CountDownLatch begun = new CountDownLatch(1);
    private final CountDownLatch gate = new CountDownLatch(1);
    private final CountDownLatch cleanedUp = new CountDownLatch(1);
    private @Nullable StartJob last;

    private StartJob begin(StartJob.Work work) {
        StartJob job = new StartJob("x", work);
        last = job;
        job.begin();
        return job;
    }

    /** Works until the gate opens or it is interrupted. */
    private StartJob beginWaiting() throws InterruptedException {
        StartJob job = begin(j -> {
            begun.countDown();
            try {
                gate.await();
            } finally {
                cleanedUp.countDown();
            }
        });
        Eventually.happens(begun, "the work");
        return job;
    }

    @AfterEach
    void end() {
        gate.countDown();
        if (last != null) {
            last.abandon();
        }
    }

    /** Waits for the job on a thread of its own and keeps what came of it. */
    private static final class Waiter {
        final Recorded progress;
        final AtomicReference<@Nullable Throwable> outcome = new AtomicReference<>();
        final Thread thread;

        Waiter(StartJob job, Recorded progress) throws InterruptedException {
            this.progress = progress;
            thread = Thread.ofPlatform().start(() -> {
                try {
                    job.await(progress, LONG);
                } catch (Throwable e) {
                    outcome.set(e);
                }
            });
            // It watches as soon as it is told things.
            while (progress.told.getCount() > 0 && thread.isAlive()) {
                job.progress().info("hello");
                if (progress.told.await(5, java.util.concurrent.TimeUnit.MILLISECONDS)) {
                    break;
                }
            }
        }

        @Nullable
        Throwable outcome() throws InterruptedException {
            Eventually.ends(thread);
            return outcome.get();
        }
    }

    @Test
    void allWhoWaitHearOfTheEnd() throws Exception {
        StartJob job = beginWaiting();
        Waiter one = new Waiter(job, new Recorded("hello"));
        Waiter two = new Waiter(job, new Recorded("hello"));
        job.progress().warn("careful");
        try (Progress.Task task = job.progress().begin("Copying", 10)) {
            task.advance(5);
            task.note("half");
        }
        gate.countDown();
        assertThat(one.outcome()).isNull();
        assertThat(two.outcome()).isNull();
        assertThat(two.progress.lines)
                .endsWith("warn: careful", "begin: Copying", "advance: 5", "note: half", "end: Copying");
        job.await(new Recorded(), LONG);
    }

    static Stream<Throwable> failures() {
        return Stream.of(
                new IOException("disk"),
                new NoClassDefFoundError("gone"),
                new StackOverflowError(),
                new AssertionError("e"));
    }

    @ParameterizedTest
    @MethodSource("failures")
    void whateverEndsItIsTold(Throwable failure) {
        StartJob job = begin(j -> {
            switch (failure) {
                case Exception e -> throw e;
                case Error e -> throw e;
                default -> throw new IllegalStateException(failure);
            }
        });
        assertThatThrownBy(() -> job.await(new Recorded(), LONG))
                .isInstanceOf(LimaException.class)
                .hasMessageStartingWith("internal error while starting `x`: " + failure)
                .hasCause(failure);
    }

    @Test
    void anErrorForPeopleIsToldAsItIs() {
        LimaException error = new LimaException("no room", "make some");
        StartJob job = begin(j -> {
            throw error;
        });
        assertThatThrownBy(() -> job.await(new Recorded(), LONG)).isSameAs(error);
    }

    @Test
    void patienceEndsButNotTheStart() throws Exception {
        StartJob job = beginWaiting();
        job.at("Waiting for the guest to boot");
        assertThatThrownBy(() -> job.await(new Recorded(), Duration.ofMillis(10)))
                .hasMessageStartingWith(
                        "instance `x` is not ready after 0 s; it is at: Waiting for the guest to boot\nThe start goes on.");
        gate.countDown();
        job.await(new Recorded(), LONG);
    }

    @Test
    void theLastToLeaveEndsAStartThatHasNoMachine() throws Exception {
        StartJob job = beginWaiting();
        Waiter one = new Waiter(job, new Recorded("hello"));
        Waiter two = new Waiter(job, new Recorded("hello"));
        one.thread.interrupt();
        assertThat(one.outcome()).isInstanceOf(InterruptedException.class);
        assertThat(one.progress.lines).last().asString().contains("goes on");
        assertThat(cleanedUp.getCount()).as("somebody still waits").isOne();
        two.thread.interrupt();
        assertThat(two.outcome()).isInstanceOf(InterruptedException.class);
        assertThat(two.progress.lines).last().asString().contains("was cancelled; nothing is left running");
        assertThat(cleanedUp.getCount())
                .as("the work has ended before the waiter")
                .isZero();
    }

    /** Whoever comes then must not hear of a cancellation that was no wish of theirs. */
    @Test
    void nobodyJoinsAStartThatAllHaveLeft() throws Exception {
        CountDownLatch ending = new CountDownLatch(1);
        StartJob job = begin(j -> {
            begun.countDown();
            try {
                new CountDownLatch(1).await();
            } finally {
                ending.countDown();
                gate.await();
            }
        });
        Eventually.happens(begun, "the work");
        Waiter one = new Waiter(job, new Recorded("hello"));
        one.thread.interrupt();
        Eventually.happens(ending, "the end");
        assertThat(job.watch(new Recorded())).isFalse();
        assertThatThrownBy(() -> job.awaitEnd(Duration.ofMillis(1))).hasMessageContaining("has not ended");
        gate.countDown();
        job.awaitEnd(LONG);
        assertThat(one.outcome()).isInstanceOf(InterruptedException.class);
    }

    @Test
    void aStartWithAMachineGoesOnAlone() throws Exception {
        StartJob job = beginWaiting();
        job.launched();
        Waiter one = new Waiter(job, new Recorded("hello"));
        one.thread.interrupt();
        assertThat(one.outcome()).isInstanceOf(InterruptedException.class);
        assertThat(one.progress.lines).last().asString().contains("goes on; end it with `limactl stop -f x`");
        gate.countDown();
        job.await(new Recorded(), LONG);
    }

    @Test
    void cancelWaitsForTheCleanUp() throws Exception {
        StartJob job = beginWaiting();
        Waiter other = new Waiter(job, new Recorded("hello"));
        job.cancel();
        assertThat(cleanedUp.getCount()).isZero();
        assertThat(other.outcome()).hasMessage("the start of `x` was cancelled\nGive the command again to start it");
    }

    @Test
    void whatACancelledStepSaysIsNoNews() throws Exception {
        StartJob job = begin(j -> {
            begun.countDown();
            try {
                gate.await();
            } catch (InterruptedException e) {
                throw new LimaException("cannot write lima.yaml", "ClosedByInterruptException");
            }
        });
        Eventually.happens(begun, "the work");
        job.cancel();
        assertThatThrownBy(() -> job.await(new Recorded(), LONG))
                .hasMessageStartingWith("the start of `x` was cancelled");
    }

    @Test
    void aMachinesEndIsToldWhenTheWorkIsOver() throws Exception {
        CountDownLatch interrupted = new CountDownLatch(1);
        StartJob job = begin(j -> {
            begun.countDown();
            try {
                gate.await();
            } catch (InterruptedException e) {
                interrupted.countDown();
                // A clean-up that takes its time.
                gate.await();
            }
        });
        Eventually.happens(begun, "the work");
        LimaException death = new LimaException("the machine ended");
        job.fail(death);
        Eventually.happens(interrupted, "the interrupt");
        assertThatThrownBy(() -> job.await(new Recorded(), Duration.ofMillis(20)))
                .hasMessageContaining("is not ready after");
        gate.countDown();
        assertThatThrownBy(() -> job.await(new Recorded(), LONG)).isSameAs(death);
    }

    @Test
    void cancellingTwiceOrTooLateIsNoMatter() throws Exception {
        StartJob job = begin(j -> {});
        job.await(new Recorded(), LONG);
        job.cancel();
        job.cancel();
        job.await(new Recorded(), LONG);
        new StartJob("never begun", j -> {}).cancel();
    }

    @Test
    void theNetworkOfTheMachineIsNewsOfItsStart() {
        StartJob job = new StartJob("x", started -> {});

        job.happened(new Machine.Paused());
        assertThat(job.networkUp().toCompletableFuture()).isNotDone();
        job.happened(new Machine.NetworkUp());
        assertThat(job.networkUp().toCompletableFuture()).isCompleted();
    }
}
