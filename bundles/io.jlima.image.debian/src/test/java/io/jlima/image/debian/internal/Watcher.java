// SPDX-License-Identifier: Apache-2.0
package io.jlima.image.debian.internal;

import io.jlima.api.Progress;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Remembers what it is told, and lets a test wait for a note. */
final class Watcher implements Progress {
    final List<String> notes = new CopyOnWriteArrayList<>();
    final List<String> titles = new CopyOnWriteArrayList<>();
    private final String awaited;
    private final CountDownLatch seen = new CountDownLatch(1);
    private final CountDownLatch closed = new CountDownLatch(1);

    /** @param awaited text of the note that {@link #awaitNote} waits for */
    Watcher(String awaited) {
        this.awaited = awaited;
    }

    /** False when the note has not come within ten seconds. */
    boolean awaitNote() throws InterruptedException {
        return seen.await(60, TimeUnit.SECONDS);
    }

    /** Whether the task that was begun has been closed. */
    boolean isClosed() {
        return closed.getCount() == 0;
    }

    @Override
    public void info(String message) {}

    @Override
    public void warn(String message) {}

    @Override
    public Task begin(String title, long total) {
        titles.add(title);
        return new Task() {
            @Override
            public void advance(long done) {}

            @Override
            public void note(String text) {
                notes.add(text);
                if (text.contains(awaited)) {
                    seen.countDown();
                }
            }

            @Override
            public void close() {
                closed.countDown();
            }
        };
    }
}
