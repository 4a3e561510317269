// SPDX-License-Identifier: Apache-2.0
package io.jlima.image.debian.internal;

import io.jlima.api.LimaException;
import io.jlima.api.Progress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A piece of work that several callers wait for. It runs in a thread of its own, tells all of them how it is getting
 * on, and is given up when the last of them has gone.
 */
final class SharedBuild {
    /** The work; it ends soon when its thread is interrupted. */
    @FunctionalInterface
    interface Work {
        void run(Consumer<String> note) throws Exception;
    }

    private final CompletableFuture<Void> result = new CompletableFuture<>();
    private final List<Progress.Task> watchers = new ArrayList<>();
    private final String title;
    private final Work work;
    private int askers;
    private boolean closed;
    private String lastNote = "";
    private @Nullable Thread worker;

    SharedBuild(String title, Work work) {
        this.title = title;
        this.work = work;
    }

    /** Joins the callers; false when it is over or given up, and somebody has to begin anew. */
    synchronized boolean enter() {
        if (closed) {
            return false;
        }
        askers++;
        if (worker == null) {
            // Not a virtual thread: waiting for a file lock can be interrupted on a platform thread only.
            worker = Thread.ofPlatform().daemon().name(title).start(this::work);
        }
        return true;
    }

    /**
     * Waits for the end; to be called once after each {@link #enter} that returned true.
     *
     * @throws InterruptedException when this caller gives up; the work has ended then, unless others wait for it
     */
    void await(Progress progress) throws InterruptedException {
        try (Progress.Task task = progress.begin(title, -1)) {
            watch(task);
            try {
                result.get();
            } catch (ExecutionException e) {
                throw e.getCause() instanceof LimaException known
                        ? new LimaException(known.what(), known.evidence(), known.remedy(), known)
                        : new IllegalStateException(e.getCause());
            } finally {
                leave(task);
            }
        }
    }

    private void work() {
        try {
            work.run(this::note);
            finish();
            result.complete(null);
        } catch (Throwable e) {
            finish();
            result.completeExceptionally(e);
        }
    }

    /** Waits until the work has ended and cleaned up. */
    void awaitEnd() throws InterruptedException {
        Thread running;
        synchronized (this) {
            running = worker;
        }
        if (running != null) {
            running.join();
        }
    }

    /** Whether nobody can join any more. */
    synchronized boolean isOver() {
        return closed;
    }

    private synchronized void finish() {
        closed = true;
    }

    private synchronized void watch(Progress.Task task) {
        watchers.add(task);
        if (!lastNote.isEmpty()) {
            task.note(lastNote);
        }
    }

    private void note(String text) {
        List<Progress.Task> told;
        synchronized (this) {
            lastNote = text;
            told = List.copyOf(watchers);
        }
        told.forEach(task -> task.note(text));
    }

    private void leave(Progress.Task task) {
        Thread given = null;
        synchronized (this) {
            watchers.remove(task);
            askers--;
            if (askers == 0 && !closed) {
                closed = true;
                given = worker;
            }
        }
        if (given != null) {
            given.interrupt();
            // The caller may rely on nothing being left. The work bounds its own end.
            boolean again = false;
            while (given.isAlive()) {
                try {
                    given.join();
                } catch (InterruptedException e) {
                    again = true;
                }
            }
            if (again) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
