// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.instance;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * By what a file is known to be the same as before. A directory has another one when an entry was added, removed or
 * replaced.
 *
 * @param key device and inode; null for a file that is not there
 * @param modified nanoseconds since 1970
 */
record FileStamp(@Nullable Object key, long modified, long size) {
    private static final FileStamp ABSENT = new FileStamp(null, 0, 0);

    /** File systems keep times in steps, the coarsest that matter of one second: within one, a change leaves no trace. */
    private static final long STEP = TimeUnit.SECONDS.toNanos(2);

    static FileStamp of(Path file, LinkOption... options) {
        try {
            BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class, options);
            return new FileStamp(
                    attributes.fileKey(), attributes.lastModifiedTime().to(TimeUnit.NANOSECONDS), attributes.size());
        } catch (IOException e) {
            return ABSENT;
        }
    }

    /** Whether what was read at that time is told apart by this stamp from all that the file may become. */
    boolean isSettled(long readAtMillis) {
        return modified + STEP < TimeUnit.MILLISECONDS.toNanos(readAtMillis);
    }
}
