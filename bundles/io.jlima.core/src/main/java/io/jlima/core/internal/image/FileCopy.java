// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.image;

import io.jlima.api.LimaException;
import io.jlima.api.Progress;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Copies of large files: blocks are shared where the file system can do that, and zeros become holes elsewhere. */
public final class FileCopy {
    private static final int CHUNK = 1 << 20;

    /** File systems on which the JDK's copying shares blocks, by copy_file_range(2) or clonefile(2). */
    private static final Set<String> SHARING = Set.of("btrfs", "xfs", "bcachefs", "apfs");

    private FileCopy() {}

    /**
     * Copies a file.
     *
     * @param to does not exist yet; incomplete after any failure
     * @throws LimaException when it cannot be written
     */
    public static void copy(Path from, Path to, Progress progress) throws IOException, InterruptedException {
        copy(from, to, null, Storage.FILE_SYSTEM, progress);
    }

    /** Copies a file, with its bytes going through the digest too. */
    static void copy(Path from, Path to, @Nullable MessageDigest digest, Storage storage, Progress progress)
            throws IOException, InterruptedException {
        if (canShare(from, to)) {
            Files.copy(from, to);
            if (digest != null) {
                Digest.update(digest, to);
            }
            return;
        }
        long size = Files.size(from);
        try (InputStream in = Files.newInputStream(from);
                OutputFile out = OutputFile.open(storage, to, size);
                Progress.Task task = progress.begin("Copying " + from, size)) {
            byte[] buffer = new byte[CHUNK];
            for (int n; (n = in.read(buffer)) >= 0; ) {
                if (Thread.interrupted()) {
                    throw new InterruptedException();
                }
                if (digest != null) {
                    digest.update(buffer, 0, n);
                }
                out.write(ByteBuffer.wrap(buffer, 0, n));
                task.advance(out.position());
            }
            out.finish();
        }
    }

    private static boolean canShare(Path from, Path to) throws IOException {
        Path directory = to.toAbsolutePath().getParent();
        FileStore source = Files.getFileStore(from);
        return directory != null
                && SHARING.contains(source.type())
                && source.name().equals(Files.getFileStore(directory).name());
    }
}
