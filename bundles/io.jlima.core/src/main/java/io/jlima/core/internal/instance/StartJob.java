// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.instance;

import io.jlima.api.LimaException;
import io.jlima.api.Progress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * A start under way. It belongs to nobody: callers watch it, and may leave. When the last of them leaves before the
 * machine runs, the start is given up; after that it goes on by itself.
 */
final class StartJob {
    /** What is to be done; {@code job} takes its progress and is told when the machine runs. */
    interface Work {
        void run(StartJob job) throws Exception;
    }

    private final String name;
    private final Thread thread;
    private final CompletableFuture<Void> done = new CompletableFuture<>();
    private final List<Progress> watchers = new CopyOnWriteArrayList<>();
    private volatile boolean launched;
    private volatile String step = "";

    StartJob(String name, Work work) {
        this.name = name;
        this.thread = Thread.ofVirtual().name("start-" + name).unstarted(() -> {
            try {
                work.run(this);
                done.complete(null);
            } catch (Exception | LinkageError e) {
                done.completeExceptionally(e);
            }
        });
    }

    void begin() {
        thread.start();
    }

    void launched() {
        launched = true;
    }

    boolean isLaunched() {
        return launched;
    }

    void at(String newStep) {
        step = newStep;
    }

    String step() {
        return step;
    }

    /** Ends the work with this error, whatever it is doing. */
    void fail(LimaException error) {
        done.completeExceptionally(error);
        thread.interrupt();
    }

    /** Gives the work up and waits until it has left everything in order. */
    void cancel() throws InterruptedException {
        thread.interrupt();
        thread.join();
    }

    /** Gives the work up without waiting. */
    void abandon() {
        thread.interrupt();
    }

    /**
     * Waits for the outcome and shows the progress to the watcher meanwhile.
     *
     * @throws LimaException the job's failure, or that it takes longer than the limit
     * @throws InterruptedException when the watcher leaves
     */
    void await(Progress watcher, Duration limit) throws InterruptedException {
        watchers.add(watcher);
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
            watchers.remove(watcher);
            if (watchers.isEmpty() && !launched) {
                cancelQuietly();
                watcher.info("The start of `" + name + "` was cancelled; nothing is left running");
            } else {
                watcher.info("The start of `" + name + "` goes on; end it with `limactl stop -f " + name + "`");
            }
            throw e;
        } finally {
            watchers.remove(watcher);
        }
    }

    private void cancelQuietly() {
        boolean interrupted = Thread.interrupted();
        try {
            cancel();
        } catch (InterruptedException e) {
            interrupted = true;
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
                    public void close() {
                        tasks.forEach(Task::close);
                    }
                };
            }
        };
    }
}
