// SPDX-License-Identifier: Apache-2.0
package io.jlima.fileevents.internal;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFileAttributes;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * What a file or directory is like at one moment, as far as people mean it when they say that it has changed. The time of
 * the last change of its inode is not part of that: it changes when the guest sets the others to what they are.
 *
 * @param seen when it was like that
 */
record Facts(Instant modified, long size, Object file, Object access, boolean directory, Instant seen) {
    /** A file system's clock may stand still for so long; 10 ms with a kernel of 100 Hz, and two of them. */
    private static final Duration TICK = Duration.ofMillis(20);

    /** Nothing for what is gone, and for what is neither: the kernel has no way to set times of the others. */
    static Optional<Facts> of(Path path) {
        try {
            BasicFileAttributes basic;
            Object access;
            try {
                PosixFileAttributes posix =
                        Files.readAttributes(path, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
                basic = posix;
                access = List.of(posix.permissions(), posix.owner(), posix.group());
            } catch (UnsupportedOperationException e) {
                basic = Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
                access = "";
            }
            if (!basic.isDirectory() && !basic.isRegularFile()) {
                return Optional.empty();
            }
            long size = basic.isDirectory() ? 0 : basic.size();
            Object file = Objects.requireNonNullElse(basic.fileKey(), "");
            return Optional.of(new Facts(
                    basic.lastModifiedTime().toInstant(), size, file, access, basic.isDirectory(), Instant.now()));
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    boolean sameContent(Facts other) {
        return modified.equals(other.modified) && size == other.size && file.equals(other.file);
    }

    boolean sameAccess(Facts other) {
        return access.equals(other.access);
    }

    /** Whether a change right after this look could have left the file with the same time. */
    boolean isFresh() {
        return modified.plus(TICK).isAfter(seen);
    }

    /** Whether its content is older than that, so that what has changed is something else. */
    boolean isOlderThan(Duration age) {
        return modified.plus(age).isBefore(seen);
    }

    /** When anything at all was last changed about a file; by the file system's own clock. */
    static Instant lastChange(Path path) {
        try {
            Instant modified =
                    Files.getLastModifiedTime(path, LinkOption.NOFOLLOW_LINKS).toInstant();
            try {
                Instant changed =
                        ((FileTime) Files.getAttribute(path, "unix:ctime", LinkOption.NOFOLLOW_LINKS)).toInstant();
                return changed.isAfter(modified) ? changed : modified;
            } catch (UnsupportedOperationException | IllegalArgumentException e) {
                return modified;
            }
        } catch (IOException e) {
            return Instant.MIN;
        }
    }
}
