// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.edit;

import io.jlima.api.HostEnvironment;
import io.jlima.api.LimaException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/** Text files of the user, written so that a reader sees the old text or the new. */
final class TextFiles {
    private static final int READ_WRITE_ALL = 0666;

    private TextFiles() {}

    /** Puts a text in the place of a file's, which keeps its permissions. */
    static void overwrite(Path file, String text) {
        try {
            // A link stays one.
            Path real = file.toRealPath();
            write(real, text, Files.getPosixFilePermissions(real));
        } catch (IOException e) {
            throw new LimaException("cannot write " + file, e);
        }
    }

    /** Makes a file, or overwrites it. */
    static void create(Path file, String text, HostEnvironment caller) {
        if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
            overwrite(file, text);
            return;
        }
        try {
            write(file, text, permissions(READ_WRITE_ALL & ~caller.umask()));
        } catch (IOException e) {
            throw new LimaException("cannot write " + file, e);
        }
    }

    private static void write(Path file, String text, Set<PosixFilePermission> permissions) throws IOException {
        Path draft = file.resolveSibling("." + file.getFileName() + ".new");
        try {
            Files.writeString(draft, text);
            Files.setPosixFilePermissions(draft, permissions);
            Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Files.deleteIfExists(draft);
        }
    }

    private static Set<PosixFilePermission> permissions(int mode) {
        StringBuilder letters = new StringBuilder();
        for (int bit = 8; bit >= 0; bit--) {
            letters.append((mode >> bit & 1) == 0 ? '-' : "xwr".charAt(bit % 3));
        }
        return PosixFilePermissions.fromString(letters.toString());
    }
}
