// SPDX-License-Identifier: Apache-2.0
package io.jlima.api;

import org.osgi.annotation.versioning.ProviderType;

/**
 * Where long work tells how it is getting on. Implementations are thread-safe and never block for long nor throw: the
 * work does not depend on anybody watching.
 */
@ProviderType
public interface Progress {
    /** A line worth reading once. */
    void info(String message);

    /** A line about something that may need the reader's attention; the work goes on. */
    void warn(String message);

    /**
     * Begins a piece of work whose advance can be watched.
     *
     * @param title what is being done, for example {@code Downloading https://…}
     * @param total size of the whole, in bytes; negative when not known
     */
    Task begin(String title, long total);

    /** One piece of work in hand; closed when it is done or has failed. */
    interface Task extends AutoCloseable {
        /** @param done bytes done so far */
        void advance(long done);

        /** What the work is at now, for example the last line that a program printed. */
        void note(String text);

        /** It has ended well; said before it is closed, and only where that is worth a line to a watcher. */
        default void finished() {}

        @Override
        void close();
    }

    /** Tells nobody. */
    Progress SILENT = new Progress() {
        @Override
        public void info(String message) {}

        @Override
        public void warn(String message) {}

        @Override
        public Task begin(String title, long total) {
            return new Task() {
                @Override
                public void advance(long done) {}

                @Override
                public void note(String text) {}

                @Override
                public void close() {}
            };
        }
    };
}
