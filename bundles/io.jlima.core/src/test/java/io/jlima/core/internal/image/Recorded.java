// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.image;

import io.jlima.api.Progress;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongConsumer;

/** A progress that remembers what it was told. */
final class Recorded implements Progress {
    final List<String> lines = new CopyOnWriteArrayList<>();
    final List<String> titles = new CopyOnWriteArrayList<>();
    final List<Long> advances = new CopyOnWriteArrayList<>();
    final AtomicInteger open = new AtomicInteger();
    private final LongConsumer onAdvance;

    Recorded() {
        this(bytes -> {});
    }

    Recorded(LongConsumer onAdvance) {
        this.onAdvance = onAdvance;
    }

    @Override
    public void info(String message) {
        lines.add("info: " + message);
    }

    @Override
    public void warn(String message) {
        lines.add("warn: " + message);
    }

    @Override
    public Task begin(String title, long total) {
        titles.add(title + " / " + total);
        open.incrementAndGet();
        return new Task() {
            @Override
            public void advance(long done) {
                advances.add(done);
                onAdvance.accept(done);
            }

            @Override
            public void note(String text) {}

            @Override
            public void close() {
                open.decrementAndGet();
            }
        };
    }
}
