// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal;

import io.jlima.api.Progress.Task;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The last line of a terminal, which shows the work in hand: a bar where the size is known, else the time that has
 * passed. Work that is finished stays as a line with a tick. All is done with the lock of the lines around it held.
 */
final class LiveLine {
    /** Often enough for seconds that pass, seldom enough for a serial line. */
    private static final long TICK_MILLIS = 200;

    private static final int BAR = 24;

    private static final String[] SPINNER = {"|", "/", "-", "\\"};

    private final PrintStream err;
    private final int columns;
    private final boolean colour;
    private final boolean unicode;
    private final ReentrantLock lock;
    private final Condition closed;
    private final List<Work> open = new ArrayList<>();
    private boolean shown;
    private int turn;

    LiveLine(PrintStream err, int columns, boolean colour, boolean unicode, ReentrantLock lock) {
        this.err = err;
        this.columns = columns;
        this.colour = colour;
        this.unicode = unicode;
        this.lock = lock;
        this.closed = lock.newCondition();
    }

    /** Makes room for a line of text. */
    void erase() {
        if (shown) {
            err.print("\r\u001b[K");
            shown = false;
        }
    }

    /** Shows what was begun last and is not finished. */
    void draw() {
        if (open.isEmpty()) {
            err.flush();
            return;
        }
        String text = open.getLast().text(System.nanoTime(), SPINNER[turn % SPINNER.length]);
        err.print("\r\u001b[K" + (text.length() < columns ? text : text.substring(0, columns - 1)));
        err.flush();
        shown = true;
    }

    Task begin(String title, long total) {
        lock.lock();
        try {
            Work work = new Work(title, total);
            open.add(work);
            draw();
            if (open.size() == 1) {
                Thread.ofVirtual().name("progress").start(this::tick);
            }
            return work;
        } finally {
            lock.unlock();
        }
    }

    private void tick() {
        lock.lock();
        try {
            while (!open.isEmpty()) {
                boolean due = !closed.await(TICK_MILLIS, TimeUnit.MILLISECONDS);
                if (due && !open.isEmpty()) {
                    turn++;
                    draw();
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            lock.unlock();
        }
    }

    /** One piece of work. */
    private final class Work implements Task {
        private final String title;
        private final long total;
        private final long begun = System.nanoTime();
        private long done = -1;
        private String note = "";
        private boolean good;

        Work(String title, long total) {
            this.title = title;
            this.total = total;
        }

        @Override
        public void advance(long bytes) {
            lock.lock();
            try {
                // The ticker draws it.
                done = bytes;
                good |= total > 0 && bytes >= total;
            } finally {
                lock.unlock();
            }
        }

        @Override
        public void note(String text) {
            lock.lock();
            try {
                note = text;
            } finally {
                lock.unlock();
            }
        }

        @Override
        public void finished() {
            lock.lock();
            try {
                good = true;
            } finally {
                lock.unlock();
            }
        }

        @Override
        public void close() {
            lock.lock();
            try {
                if (!open.remove(this)) {
                    return;
                }
                erase();
                if (good) {
                    String tick = unicode ? "\u2713" : "*";
                    String mark = colour ? "\u001b[32m" + tick + "\u001b[0m" : tick;
                    String took = Spans.text(System.nanoTime() - begun) + (done > 0 ? ", " + Sizes.text(done) : "");
                    err.println(mark + " " + title + "  " + took);
                }
                draw();
                closed.signalAll();
            } finally {
                lock.unlock();
            }
        }

        String text(long now, String spinner) {
            String tail = note.isEmpty() ? "" : "  " + note;
            if (done < 0) {
                return spinner + " " + title + "  " + Spans.text(now - begun) + tail;
            }
            double rate = done / Math.max(0.001, (now - begun) / 1e9);
            if (total <= 0) {
                return spinner + " " + title + "  " + Sizes.text(done) + ", " + Sizes.text((long) rate) + "/s" + tail;
            }
            int filled = Math.clamp(BAR * done / total, 0, BAR);
            String bar = "[" + "#".repeat(filled) + " ".repeat(BAR - filled) + "] "
                    + String.format(Locale.ROOT, "%3d%%", Math.min(100, 100 * done / total));
            String rest = Sizes.text(done) + " of " + Sizes.text(total) + ", " + Sizes.text((long) rate) + "/s"
                    + (rate > 0 ? ", " + Spans.text((long) ((total - done) / rate * 1e9)) + " left" : "");
            int room = columns - bar.length() - rest.length() - 6;
            String name = title.length() <= room || room < 8 ? title : title.substring(0, room - 3) + "...";
            return bar + "  " + name + "  " + rest + tail;
        }
    }
}
