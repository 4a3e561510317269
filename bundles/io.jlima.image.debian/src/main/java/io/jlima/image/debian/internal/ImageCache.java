// SPDX-License-Identifier: Apache-2.0
package io.jlima.image.debian.internal;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The place of one image in the cache: {@code KEY/} when it is complete, {@code KEY.part/} while it is built,
 * {@code KEY.lock} while a process builds it.
 */
final class ImageCache {
    /** What an image consists of. */
    static final List<String> FILES = List.of("disk.qcow2", "kernel", "initrd", "recipe");

    private final Path cache;
    private final String key;

    ImageCache(Path cache, String key) {
        this.cache = cache;
        this.key = key;
    }

    Path image() {
        return cache.resolve(key);
    }

    Path part() {
        return cache.resolve(key + ".part");
    }

    /** Whether the image can be used. The directory appears by a rename when all is in it. */
    boolean isComplete() {
        return FILES.stream().allMatch(name -> Files.isRegularFile(image().resolve(name)));
    }

    /** Work done under the lock. */
    @FunctionalInterface
    interface Work {
        void run() throws InterruptedException;
    }

    /** Runs the work while no other process builds this image. Within a process the caller sees to that. */
    void locked(Consumer<String> note, Work work) throws IOException, InterruptedException {
        Files.createDirectories(cache);
        Path file = cache.resolve(key + ".lock");
        String token = UUID.randomUUID().toString();
        while (true) {
            try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                    FileLock lock = lock(channel, note)) {
                channel.truncate(0);
                channel.write(ByteBuffer.wrap(token.getBytes(StandardCharsets.UTF_8)));
                // Whoever held it before has removed the file: then it is another file that must be locked.
                if (lock.isValid() && token.equals(content(file))) {
                    try {
                        work.run();
                        return;
                    } finally {
                        Files.deleteIfExists(file);
                    }
                }
            }
        }
    }

    private static FileLock lock(FileChannel channel, Consumer<String> note) throws IOException, InterruptedException {
        FileLock free = channel.tryLock();
        if (free != null) {
            return free;
        }
        note.accept("another process is building this image; waiting for it");
        try {
            return channel.lock();
        } catch (IOException e) {
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
            throw e;
        }
    }

    private static @Nullable String content(Path file) throws IOException {
        try {
            return Files.readString(file);
        } catch (NoSuchFileException e) {
            return null;
        }
    }
}
