// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.instance;

import io.jlima.api.LimaException;
import io.jlima.api.Progress;
import io.jlima.api.machine.Machine;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * A start under way. It belongs to nobody: callers watch it, and may leave. When the last of them leaves before the
 * machine runs, the start is given up; after that it goes on by itself.
 */
final class StartJob {
    /** What is to be done; {@code job} takes its progress and is told when the machine runs. */
    interface Work {
        void run(StartJob job) throws Exception;
    }

    /** Much longer than an interrupted step takes to clean up, the end of a child process included. */
    private static final Duration CANCEL_LIMIT = Duration.ofSeconds(30);

    private final String name;
    private final Thread thread;
    private final CompletableFuture<Void> done = new CompletableFuture<>();
    private final List<Progress> watchers = new CopyOnWriteArrayList<>();
    private final CompletableFuture<Void> networkUp = new CompletableFuture<>();
    private volatile boolean launched;
    private volatile boolean cancelled;
    private boolean unwanted;
    private volatile @Nullable LimaException failure;
    private volatile String step = "";

    StartJob(String name, Work work) {
        this.name = name;
        this.thread = Thread.ofVirtual().name("start-" + name).unstarted(() -> {
            Throwable outcome = null;
            try {
                work.run(this);
            } catch (Throwable e) {
                // Whatever it is, those who wait must hear of it.
                outcome = e;
            }
            end(outcome);
        });
    }

    void begin() {
        thread.start();
    }

    /**
     * Shows the progress to the watcher from now on, until its {@link #await} returns.
     *
     * @return false when all who wanted it have left, so that it ends without being done
     */
    boolean watch(Progress watcher) {
        synchronized (watchers) {
            if (!unwanted && !watchers.contains(watcher)) {
                watchers.add(watcher);
            }
            return !unwanted;
        }
    }

    /** Whether that was the last watcher of a job that needs one, which is given up then. */
    private boolean leaves(Progress watcher) {
        synchronized (watchers) {
            watchers.remove(watcher);
            unwanted = watchers.isEmpty() && !launched;
            return unwanted;
        }
    }

    void launched() {
        launched = true;
    }

    void happened(Machine.Event event) {
        if (event instanceof Machine.NetworkUp) {
            networkUp.complete(null);
        }
    }

    /** Completes when the guest's network is about to answer, if anybody can tell. */
    CompletionStage<Void> networkUp() {
        return networkUp;
    }

    void at(String newStep) {
        step = newStep;
    }

    String step() {
        return step;
    }

    private void end(@Nullable Throwable outcome) {
        LimaException told = failure;
        if (told != null) {
            done.completeExceptionally(told);
        } else if (outcome == null) {
            done.complete(null);
        } else if (cancelled) {
            // What an interrupted step says of itself is no news to anybody.
            done.completeExceptionally(new LimaException(
                    "the start of `" + name + "` was cancelled", null, "Give the command again to start it", outcome));
        } else {
            done.completeExceptionally(outcome);
        }
    }

    /** Ends the work with this error, whatever it is doing; those who wait hear of it when the work has ended. */
    void fail(LimaException error) {
        failure = error;
        thread.interrupt();
    }

    /**
     * Gives the work up and waits until it has left everything in order.
     *
     * @throws LimaException when it does not heed that in time
     */
    void cancel() throws InterruptedException {
        abandon();
        if (thread.isAlive() && !thread.join(CANCEL_LIMIT)) {
            throw new LimaException(
                    "the start of `" + name + "` cannot be ended; it is at: " + step,
                    "A driver does not answer. `limactl daemon restart` ends it; machines that run are not harmed");
        }
    }

    /** Gives the work up without waiting. */
    void abandon() {
        cancelled = true;
        thread.interrupt();
    }

    /** Waits until the work has ended, however it did, at most so long. */
    void awaitEnd(Duration limit) throws InterruptedException {
        if (!thread.join(limit)) {
            throw new LimaException(
                    "an earlier start of `" + name + "` was given up and has not ended; it is at: " + step,
                    "A driver does not answer. `limactl daemon restart` ends it; machines that run are not harmed");
        }
    }

    /**
     * Waits for the outcome and shows the progress to the watcher meanwhile.
     *
     * @throws LimaException the job's failure, or that it takes longer than the limit
     * @throws InterruptedException when the watcher leaves
     */
    void await(Progress watcher, Duration limit) throws InterruptedException {
        watch(watcher);
        try {
            done.get(limit.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            throw new LimaException(
                    "instance `" + name + "` is not ready after " + limit.toSeconds() + " s; it is at: " + step,
                    "The start goes on. Give the command again to wait longer, with --timeout if need be, or end it with"
                            + " `limactl stop -f " + name + "`");
        } catch (ExecutionException e) {
            throw failure(e.getCause() == null ? e : e.getCause());
        } catch (InterruptedException e) {
            if (leaves(watcher)) {
                cancelQuietly(watcher);
            }
            if (done.isDone() && !launched) {
                watcher.info("The start of `" + name + "` was cancelled; nothing is left running");
            } else if (done.isDone()) {
                watcher.info("The start of `" + name + "` was cancelled, but its machine runs already; end it with"
                        + " `limactl stop -f " + name + "`");
            } else {
                watcher.info("The start of `" + name + "` goes on; end it with `limactl stop -f " + name + "`");
            }
            throw e;
        } finally {
            watchers.remove(watcher);
        }
    }

    private void cancelQuietly(Progress watcher) {
        boolean interrupted = Thread.interrupted();
        try {
            cancel();
        } catch (InterruptedException e) {
            interrupted = true;
        } catch (LimaException e) {
            watcher.warn(e.what());
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private LimaException failure(Throwable cause) {
        return switch (cause) {
            case LimaException e -> e;
            case InterruptedException e ->
                new LimaException(
                        "the start of `" + name + "` was cancelled", null, "Give the command again to start it", e);
            default -> new LimaException("internal error while starting `" + name + "`: " + cause, cause);
        };
    }

    /** Progress for all who watch now. */
    Progress progress() {
        return new Progress() {
            @Override
            public void info(String message) {
                watchers.forEach(w -> w.info(message));
            }

            @Override
            public void warn(String message) {
                watchers.forEach(w -> w.warn(message));
            }

            @Override
            public Task begin(String title, long total) {
                List<Task> tasks =
                        watchers.stream().map(w -> w.begin(title, total)).toList();
                return new Task() {
                    @Override
                    public void advance(long bytes) {
                        tasks.forEach(t -> t.advance(bytes));
                    }

                    @Override
                    public void note(String text) {
                        tasks.forEach(t -> t.note(text));
                    }

                    @Override
                    public void finished() {
                        tasks.forEach(Task::finished);
                    }

                    @Override
                    public void close() {
                        tasks.forEach(Task::close);
                    }
                };
            }
        };
    }
}
