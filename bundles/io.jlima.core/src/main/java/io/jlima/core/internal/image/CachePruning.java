// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.image;

import io.jlima.api.HostEnvironment;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** Removes entries of the cache, and counts what that frees. */
public final class CachePruning {
    private final Path root;
    private int entries;
    private long bytes;

    /** @param root of the cache; may be missing */
    public CachePruning(Path root) {
        this.root = root;
    }

    /** Where the caller's cache is. */
    public static Path root(HostEnvironment caller) {
        return CacheEntry.root(caller);
    }

    /** Removes downloads but those whose location is to be kept. */
    public void downloads(Predicate<String> kept) throws IOException, InterruptedException {
        for (Path entry : directories(root.resolve("download/by-url-sha256"))) {
            if (isKept(entry, kept)) {
                continue;
            }
            try {
                removeDownload(entry, kept);
            } catch (NoSuchFileException e) {
                // Somebody else has removed it.
                continue;
            }
        }
    }

    private static boolean isKept(Path entry, Predicate<String> kept) throws IOException {
        Path url = entry.resolve("url");
        return Files.isRegularFile(url)
                && kept.test(Files.readString(url).strip())
                && Files.exists(entry.resolve("data"));
    }

    private void removeDownload(Path entry, Predicate<String> kept) throws IOException, InterruptedException {
        DirectoryLock lock = DirectoryLock.acquire(entry, () -> {});
        try {
            // Whoever had the lock until now may have brought what was missing.
            if (!isKept(entry, kept)) {
                remove(entry);
                entries++;
            }
        } finally {
            lock.close();
        }
    }

    /** Removes images that were built here. */
    public void builds() throws IOException {
        for (Path entry : directories(root.resolve("debian"))) {
            // A build on its way has a name of its own, and is nobody's to remove but its builder's.
            if (entry.toString().endsWith(".part")) {
                continue;
            }
            remove(entry);
            entries++;
        }
    }

    private static List<Path> directories(Path parent) throws IOException {
        if (!Files.isDirectory(parent)) {
            return List.of();
        }
        try (Stream<Path> all = Files.list(parent)) {
            return all.filter(p -> Files.isDirectory(p, LinkOption.NOFOLLOW_LINKS))
                    .toList();
        }
    }

    private void remove(Path tree) throws IOException {
        List<Path> files;
        try (Stream<Path> all = Files.walk(tree)) {
            files = all.sorted(Comparator.reverseOrder()).toList();
        }
        for (Path file : files) {
            if (Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
                bytes += Files.size(file);
            }
            Files.deleteIfExists(file);
        }
    }

    public int entries() {
        return entries;
    }

    public long bytes() {
        return bytes;
    }
}
