// SPDX-License-Identifier: Apache-2.0
package io.jlima.fileevents.internal;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Paths that have changed and are to be told, oldest first. What changes again and again is told once it is quiet, so
 * that many changes are one; or when it will not be quiet. For one thread; times are those of {@link System#nanoTime}.
 */
final class Pending {
    /** An editor's steps, or a compiler's, come closer together than this. */
    static final Duration QUIET = Duration.ofMillis(25);

    /** A log that is written to all the time is told that often. */
    static final Duration LONGEST = Duration.ofMillis(250);

    /** A file's path takes some 200 bytes. */
    static final int MOST_FILES = 4096;

    /** Each makes the guest ask the host several times. */
    static final int PER_SECOND = 500;

    private final Map<Path, Times> paths = new LinkedHashMap<>();
    private double allowed = PER_SECOND;
    private long counted;
    private boolean crowded;

    private record Times(long first, long last) {}

    /** @param now {@link System#nanoTime} */
    Pending(long now) {
        counted = now;
    }

    /** A directory has changed; there are not more of them than are watched. */
    void addDirectory(Path path, long now) {
        Times before = paths.get(path);
        paths.put(path, new Times(before == null ? now : before.first, now));
    }

    /**
     * Something in a directory has changed.
     *
     * @return false when there are too many of them, and the directory has to do
     */
    boolean add(Path path, Path directory, long now) {
        boolean room = paths.size() < MOST_FILES || paths.containsKey(path);
        addDirectory(room ? path : directory, now);
        return room;
    }

    boolean isEmpty() {
        return paths.isEmpty();
    }

    /** Whether this is the first time that there were too many, since all was told. */
    boolean isNewlyCrowded() {
        boolean first = !crowded;
        crowded = true;
        return first;
    }

    /** Takes out what is to be told now. */
    List<Path> due(long now) {
        allowed = Math.min(PER_SECOND, allowed + (now - counted) / 1e9 * PER_SECOND);
        counted = now;
        List<Path> due = new ArrayList<>();
        for (Iterator<Map.Entry<Path, Times>> all = paths.entrySet().iterator(); all.hasNext() && allowed >= 1; ) {
            Map.Entry<Path, Times> next = all.next();
            if (left(next.getValue(), now) <= 0) {
                due.add(next.getKey());
                all.remove();
                allowed--;
            }
        }
        if (paths.isEmpty()) {
            crowded = false;
        }
        return due;
    }

    /** Nanoseconds until something is to be told; of use only when there is something. */
    long delay(long now) {
        long first = paths.values().stream()
                .mapToLong(times -> left(times, now))
                .min()
                .orElse(0);
        long turn = allowed >= 1 ? 0 : (long) ((1 - allowed) / PER_SECOND * 1e9);
        return Math.max(Math.max(first, turn), 1);
    }

    private static long left(Times times, long now) {
        return Math.min(times.last + QUIET.toNanos() - now, times.first + LONGEST.toNanos() - now);
    }
}
