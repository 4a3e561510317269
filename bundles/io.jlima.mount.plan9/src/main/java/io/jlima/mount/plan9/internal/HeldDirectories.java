// SPDX-License-Identifier: Apache-2.0
package io.jlima.mount.plan9.internal;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.HashSet;
import java.util.Set;

/**
 * The directories that a machine holds open. It serves those, wherever they go, and nothing that is put in their place.
 *
 * @param keys which they are, by device and inode, which nothing else gets while they are open; empty where the system
 *     does not tell
 */
record HeldDirectories(Set<Object> keys) {
    /** Asks proc_pid_fd(5), which Linux has and macOS has not. */
    static HeldDirectories of(long pid) {
        Set<Object> keys = new HashSet<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(Path.of("/proc/" + pid + "/fd"))) {
            for (Path file : files) {
                add(keys, file);
            }
        } catch (IOException | DirectoryIteratorException e) {
            keys.clear();
        }
        return new HeldDirectories(Set.copyOf(keys));
    }

    private static void add(Set<Object> keys, Path file) {
        try {
            BasicFileAttributes what = Files.readAttributes(file, BasicFileAttributes.class);
            if (what.isDirectory() && what.fileKey() instanceof Object key) {
                keys.add(key);
            }
        } catch (IOException e) {
            // It has been closed in between, or is nothing that has attributes.
        }
    }

    /** Whether none of them is at this place now; false if that cannot be told. */
    boolean lack(Path location) {
        if (keys.isEmpty()) {
            return false;
        }
        try {
            Object key =
                    Files.readAttributes(location, BasicFileAttributes.class).fileKey();
            return key != null && !keys.contains(key);
        } catch (IOException e) {
            return true;
        }
    }
}
