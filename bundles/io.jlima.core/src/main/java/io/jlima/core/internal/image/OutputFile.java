// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.image;

import io.jlima.api.LimaException;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * A large file being written from its beginning to its end; runs of zeros become holes. Not thread-safe.
 *
 * <p>If it is closed before {@link #finish}, the file is a beginning of what was written, perhaps without zeros at its
 * end.
 */
final class OutputFile implements Closeable {
    /** Unit of holes: a multiple of the block size of every usual file system. */
    private static final int BLOCK = 1 << 16;

    private static final ByteBuffer ZEROS = ByteBuffer.allocate(BLOCK).asReadOnlyBuffer();

    private final Path file;
    private final Storage storage;
    private final SeekableByteChannel channel;
    private final long expected;
    private long position;

    private OutputFile(Path file, Storage storage, SeekableByteChannel channel, long begun, long expected) {
        this.file = file;
        this.storage = storage;
        this.channel = channel;
        this.position = begun;
        this.expected = expected;
    }

    /**
     * Opens a file, which is continued at its end if it exists.
     *
     * @param expected size of the finished file, negative when not known
     * @throws LimaException when it cannot be written or will not fit
     */
    static OutputFile open(Storage storage, Path file, long expected) {
        try {
            long begun = Files.exists(file) ? Files.size(file) : 0;
            long free = free(storage, file);
            if (expected - begun > free) {
                throw full(file, expected - begun, free, null);
            }
            SeekableByteChannel channel = storage.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            return new OutputFile(file, storage, channel, begun, expected);
        } catch (IOException e) {
            throw new LimaException("Cannot write " + file, e);
        }
    }

    /** Bytes written so far, those that were there at the beginning included. */
    long position() {
        return position;
    }

    /**
     * Writes what remains in the buffer.
     *
     * @throws LimaException when that fails
     */
    void write(ByteBuffer bytes) throws InterruptedException {
        try {
            while (bytes.hasRemaining()) {
                int length = (int) Math.min(bytes.remaining(), BLOCK - position % BLOCK);
                ByteBuffer piece = bytes.slice(bytes.position(), length);
                if (length < BLOCK / 16 || ZEROS.slice(0, length).mismatch(piece) >= 0) {
                    channel.position(position);
                    while (piece.hasRemaining()) {
                        channel.write(piece);
                    }
                }
                position += length;
                bytes.position(bytes.position() + length);
            }
        } catch (IOException e) {
            throw failure(e, bytes.remaining());
        }
    }

    /** Gives the file its full length. */
    void finish() throws InterruptedException {
        try {
            if (channel.size() < position) {
                channel.position(position - 1);
                channel.write(ByteBuffer.allocate(1));
            }
        } catch (IOException e) {
            throw failure(e, 1);
        }
    }

    private LimaException failure(IOException e, long unwritten) throws InterruptedException {
        if (e instanceof ClosedByInterruptException) {
            Thread.interrupted();
            throw new InterruptedException();
        }
        // A system's words for this may be translated, so what is free counts too.
        String words = String.valueOf(e.getMessage()).toLowerCase(Locale.ROOT);
        long free = free(storage, file);
        long missing = Math.max(expected - position, unwritten);
        return words.contains("no space left") || words.contains("quota exceeded") || free < unwritten
                ? full(file, missing, free, e)
                : new LimaException("Cannot write " + file, e);
    }

    private static long free(Storage storage, Path file) {
        try {
            Path directory = file.toAbsolutePath().getParent();
            return directory == null ? Long.MAX_VALUE : storage.usableSpace(directory);
        } catch (IOException e) {
            return Long.MAX_VALUE;
        }
    }

    private static LimaException full(Path file, long missing, long free, @Nullable IOException cause) {
        String directory = String.valueOf(file.toAbsolutePath().getParent());
        return new LimaException(
                "The disk is full: no room for " + file.getFileName() + " in " + directory,
                "Needed: at least %s more, free: %s%s"
                        .formatted(
                                ByteSize.text(missing),
                                free == Long.MAX_VALUE ? "not known" : ByteSize.text(free),
                                cause == null ? "" : " (" + cause.getMessage() + ")"),
                "Make room on that file system; images that are no longer needed can be removed from the cache.",
                cause);
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
