// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.instance;

import io.jlima.api.Progress;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;

/** A watcher that remembers what it was told, and can be waited for. */
final class Recorded implements Progress {
    final List<String> lines = new CopyOnWriteArrayList<>();
    private final String awaited;
    final CountDownLatch told = new CountDownLatch(1);

    Recorded() {
        this("\u0000");
    }

    Recorded(String awaited) {
        this.awaited = awaited;
    }

    private void add(String line) {
        lines.add(line);
        if (line.contains(awaited)) {
            told.countDown();
        }
    }

    @Override
    public void info(String message) {
        add("info: " + message);
    }

    @Override
    public void warn(String message) {
        add("warn: " + message);
    }

    @Override
    public Task begin(String title, long total) {
        add("begin: " + title);
        return new Task() {
            @Override
            public void advance(long done) {
                add("advance: " + done);
            }

            @Override
            public void note(String text) {
                add("note: " + text);
            }

            @Override
            public void close() {
                add("end: " + title);
            }
        };
    }
}
