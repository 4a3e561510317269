// SPDX-License-Identifier: Apache-2.0
package io.jlima.fileevents.internal;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchEvent;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Watches trees of directories, one by one, because that is how kernels do it. Links are not followed. For one thread,
 * but for {@link #take}.
 */
final class TreeWatch implements AutoCloseable {
    private static final WatchEvent.Kind<?>[] KINDS = {
        StandardWatchEventKinds.ENTRY_CREATE, StandardWatchEventKinds.ENTRY_DELETE, StandardWatchEventKinds.ENTRY_MODIFY
    };

    /** A file system's clock may differ from ours by so much. */
    private static final Duration SLACK = Duration.ofSeconds(2);

    /** After an overflow; of a directory that has more, not all that has changed is found. */
    private static final long MOST_LOOKED_AT = 20_000;

    private static final Logger LOG = LoggerFactory.getLogger(TreeWatch.class);

    /** What is done with the news. */
    interface Sink {
        /** Something in a directory has come, changed, or got another name. */
        void changed(Path path, Path directory);

        /** A directory has other entries than before. */
        void changedEntries(Path directory);

        /** Some directories are not watched; said for each reason once. */
        void unwatched(String reason);
    }

    private final WatchService service;
    private final Sink sink;
    private final Predicate<Path> excluded;
    private final int most;
    private final Map<WatchKey, Watched> watched = new HashMap<>();
    private final TreeMap<Path, WatchKey> keys = new TreeMap<>();
    private boolean full;
    private boolean fullSaid;
    private boolean barred;

    /** @param emptied when the key's events were last taken */
    private record Watched(Path directory, Instant emptied) {}

    /**
     * @param excluded directories that are passed over, with all below them
     * @param most how many directories are watched; each takes memory here and in the kernel
     */
    TreeWatch(WatchService service, Sink sink, Predicate<Path> excluded, int most) {
        this.service = service;
        this.sink = sink;
        this.excluded = excluded;
        this.most = most;
    }

    /** Waits for news, which {@link #handle} is to be given. */
    WatchKey take() throws InterruptedException {
        return service.take();
    }

    int size() {
        return keys.size();
    }

    /** Watches these trees, and no others. */
    void watch(Set<Path> roots) {
        keys.keySet().stream()
                .filter(directory -> roots.stream().noneMatch(directory::startsWith))
                .toList()
                .forEach(this::forget);
        roots.stream().filter(root -> !keys.containsKey(root)).forEach(root -> addTree(root, false));
    }

    boolean isWatched(Path directory) {
        return keys.containsKey(directory);
    }

    /** Broad rather than deep, so that what is left out when there is too much of it is far down. */
    private void addTree(Path top, boolean fresh) {
        full = false;
        Deque<Path> todo = new ArrayDeque<>(List.of(top));
        while (!todo.isEmpty() && !full) {
            Path directory = todo.remove();
            if (excluded.test(directory) || !add(directory)) {
                continue;
            }
            // After the watch has begun, so that nothing comes in between.
            forEach(directory, Long.MAX_VALUE, entry -> {
                if (todo.size() < most && isDirectory(entry)) {
                    todo.add(entry);
                }
                if (fresh) {
                    sink.changed(entry, directory);
                }
            });
        }
    }

    private boolean add(Path directory) {
        if (keys.size() >= most && !keys.containsKey(directory)) {
            isFull("more than " + most + " directories");
            return false;
        }
        try {
            WatchKey key = directory.register(service, KINDS);
            if (!isItself(directory)) {
                // A guest that can write may have put a link in its place, and what is behind it is none of its
                // business.
                if (!watched.containsKey(key)) {
                    key.cancel();
                }
                return false;
            }
            Watched before = watched.put(key, new Watched(directory, Instant.now()));
            if (before != null && !before.directory.equals(directory)) {
                // The same directory by another name: it was moved.
                keys.remove(before.directory, key);
            }
            WatchKey other = keys.put(directory, key);
            if (other != null && !other.equals(key)) {
                watched.remove(other);
                other.cancel();
            }
            return true;
        } catch (NoSuchFileException | NotDirectoryException e) {
            return false;
        } catch (AccessDeniedException e) {
            if (!barred) {
                barred = true;
                sink.unwatched("no permission to read " + directory.toString().replaceAll("\\p{Cntrl}", "?"));
            }
            return false;
        } catch (IOException e) {
            if (Files.isDirectory(directory)) {
                isFull(keys.size() + " directories are watched, and the system gives no more (" + e.getMessage()
                        + "; see fs.inotify.max_user_watches)");
            }
            return false;
        }
    }

    /** Whether no link is on the way there. */
    static boolean isItself(Path path) throws IOException {
        return path.toRealPath().equals(path);
    }

    private void isFull(String reason) {
        full = true;
        if (!fullSaid) {
            fullSaid = true;
            sink.unwatched(reason);
        }
    }

    private static boolean isDirectory(Path path) {
        return Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS);
    }

    /** One by one: a directory may have more entries than there is memory. */
    private static void forEach(Path directory, long limit, Consumer<Path> action) {
        try (DirectoryStream<Path> all = Files.newDirectoryStream(directory)) {
            long count = 0;
            for (Path entry : all) {
                if (count++ == limit) {
                    return;
                }
                action.accept(entry);
            }
        } catch (IOException | DirectoryIteratorException e) {
            LOG.debug("{} cannot be read; if it has gone, that is told by its parent", directory, e);
        }
    }

    /** Passes on what has happened in the key's directory. */
    void handle(WatchKey key) {
        Watched before = watched.get(key);
        if (before == null) {
            key.cancel();
            return;
        }
        Instant emptied = Instant.now();
        for (WatchEvent<?> event : key.pollEvents()) {
            // A move that was heard of in the meantime gives the directory another name.
            Watched now = watched.get(key);
            if (now != null) {
                handle(now.directory, event, before.emptied);
            }
        }
        if (!key.reset()) {
            Watched gone = watched.remove(key);
            if (gone != null) {
                keys.remove(gone.directory, key);
            }
        } else {
            watched.computeIfPresent(key, (k, now) -> new Watched(now.directory, emptied));
        }
    }

    private void handle(Path directory, WatchEvent<?> event, Instant since) {
        if (event.kind() == StandardWatchEventKinds.OVERFLOW) {
            look(directory, since);
        } else if (event.context() instanceof Path name) {
            Path path = directory.resolve(name);
            if (event.kind() == StandardWatchEventKinds.ENTRY_DELETE) {
                forget(path);
                sink.changedEntries(directory);
            } else if (event.kind() == StandardWatchEventKinds.ENTRY_CREATE) {
                sink.changedEntries(directory);
                sink.changed(path, directory);
                if (isDirectory(path)) {
                    addTree(path, true);
                }
            } else {
                sink.changed(path, directory);
            }
        }
    }

    /** So much has happened that the system has not kept it all: what has changed since then is to be found. */
    private void look(Path directory, Instant since) {
        sink.changedEntries(directory);
        Instant from = since.minus(SLACK);
        forEach(directory, MOST_LOOKED_AT, entry -> {
            if (Facts.lastChange(entry).isAfter(from)) {
                sink.changed(entry, directory);
            }
            if (!keys.containsKey(entry) && isDirectory(entry)) {
                addTree(entry, true);
            }
        });
    }

    /** Watches a tree no more, if it is one; what is there under its name since was told, or will be. */
    private void forget(Path top) {
        String prefix = top.toString();
        List<Path> tree = new ArrayList<>();
        for (Path directory : keys.tailMap(top).keySet()) {
            if (!directory.toString().startsWith(prefix)) {
                break;
            }
            if (directory.startsWith(top)) {
                tree.add(directory);
            }
        }
        for (Path directory : tree) {
            WatchKey key = keys.remove(directory);
            if (key != null) {
                watched.remove(key);
                key.cancel();
            }
        }
    }

    @Override
    public void close() throws IOException {
        service.close();
    }
}
