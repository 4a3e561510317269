// SPDX-License-Identifier: Apache-2.0
package io.jlima.fileevents.internal;

import io.jlima.api.guest.AgentSession.Change;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What was told of files, so that the same is not told again: what the guest does to a file to have its watchers see it,
 * the host sees as a change. For one thread.
 */
final class Told {
    /** Much more than are told while the guest does what it was told. */
    private static final int MOST = 10_000;

    /** A change of content is heard of sooner than this. */
    private static final Duration OLD = Duration.ofSeconds(2);

    private final Map<Path, Facts> facts = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Path, Facts> eldest) {
            return size() > MOST;
        }
    };

    /** What there is to tell of a file that something has happened to. Whoever asks tells it. */
    List<Change> news(Path path, Facts now) {
        Facts before = facts.put(path, now);
        if (before == null) {
            // Nobody knows what it was like. A file that was written to has a new time, unless somebody has set it
            // back.
            return now.isOlderThan(OLD) ? List.of(Change.ATTRIBUTES, Change.CONTENT) : List.of(Change.CONTENT);
        }
        if (!before.sameContent(now)) {
            return List.of(Change.CONTENT);
        }
        if (!before.sameAccess(now)) {
            return List.of(Change.ATTRIBUTES);
        }
        // The time tells nothing if it was as fresh as that.
        return before.isFresh() ? List.of(Change.CONTENT) : List.of();
    }

    void forget(Path path) {
        facts.remove(path);
    }
}
