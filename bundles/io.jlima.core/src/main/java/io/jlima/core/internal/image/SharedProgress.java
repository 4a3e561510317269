// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.image;

import io.jlima.api.Progress;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The progress of work that several callers wait for: each sees it through a progress of their own, from the moment
 * they join. The work has one task at a time. Thread-safe.
 */
final class SharedProgress implements Progress {
    private final Map<Progress, @Nullable Task> watchers = new LinkedHashMap<>();
    private @Nullable Running running;

    synchronized void join(Progress watcher) {
        Running task = running;
        if (!watchers.containsKey(watcher)) {
            watchers.put(watcher, task == null ? null : task.shownTo(watcher));
        }
    }

    synchronized void leave(Progress watcher) {
        Task task = watchers.remove(watcher);
        if (task != null) {
            task.close();
        }
    }

    @Override
    public synchronized void info(String message) {
        watchers.keySet().forEach(w -> w.info(message));
    }

    @Override
    public synchronized void warn(String message) {
        watchers.keySet().forEach(w -> w.warn(message));
    }

    @Override
    public synchronized Task begin(String title, long total) {
        Running task = new Running(title, total);
        running = task;
        watchers.replaceAll((watcher, old) -> task.shownTo(watcher));
        return task;
    }

    private final class Running implements Task {
        private final String title;
        private final long total;
        private long done;

        Running(String title, long total) {
            this.title = title;
            this.total = total;
        }

        Task shownTo(Progress watcher) {
            Task task = watcher.begin(title, total);
            if (done > 0) {
                task.advance(done);
            }
            return task;
        }

        @Override
        public void advance(long bytes) {
            synchronized (SharedProgress.this) {
                done = bytes;
                each(t -> t.advance(bytes));
            }
        }

        @Override
        public void note(String text) {
            synchronized (SharedProgress.this) {
                each(t -> t.note(text));
            }
        }

        @Override
        public void close() {
            synchronized (SharedProgress.this) {
                each(Task::close);
                watchers.replaceAll((watcher, task) -> null);
                running = null;
            }
        }

        private void each(java.util.function.Consumer<Task> action) {
            for (Task task : watchers.values()) {
                if (task != null) {
                    action.accept(task);
                }
            }
        }
    }
}
