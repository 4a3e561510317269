// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.image;

import io.jlima.api.LimaException;
import io.jlima.api.Progress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.MessageDigest;
import org.jspecify.annotations.Nullable;

/**
 * A file of this host. It is copied into the cache, because a guest's disk may be based on it for years and the
 * original may change any day.
 */
final class FileOrigin implements Origin {
    private final Path file;
    private final Storage storage;

    FileOrigin(Path file, Storage storage) {
        this.file = file;
        this.storage = storage;
    }

    @Override
    public boolean isUnchanged(CacheEntry entry) throws IOException {
        return state().equals(entry.text("time"));
    }

    @Override
    public Arrival transfer(CacheEntry entry, @Nullable Digest digest, Progress progress)
            throws IOException, InterruptedException {
        String before = state();
        entry.discardPart();
        MessageDigest bytes = digest == null ? null : digest.start();
        if (!Files.isReadable(file)) {
            throw new LimaException("The file " + file + " is not readable");
        }
        FileCopy.copy(file, entry.part(), bytes, storage, progress);
        if (!state().equals(before)) {
            throw new LimaException(
                    "The file " + file + " has changed while it was being copied", "Try again when it is complete.");
        }
        return new Arrival(before, "", "", digest == null || bytes == null ? null : digest.finish(bytes), false);
    }

    /** What changes when the file does. */
    private String state() {
        try {
            BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
            if (!attributes.isRegularFile()) {
                throw new LimaException(file + " is not a file");
            }
            return attributes.lastModifiedTime() + " " + attributes.size() + " " + attributes.fileKey();
        } catch (NoSuchFileException e) {
            throw new LimaException("There is no file " + file);
        } catch (IOException e) {
            throw new LimaException("Cannot read " + file, e);
        }
    }

    @Override
    public void close() {
        // Nothing is kept open between two calls.
    }
}
