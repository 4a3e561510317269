// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.image;

import io.jlima.api.HostEnvironment;
import io.jlima.api.LimaException;
import io.jlima.api.Progress;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/** How a file is compressed. */
enum Compression {
    /** RFC 1952, section 2.3.1: two identifying bytes and method 8. */
    GZIP("gzip", List.of(".gz"), "", 0x1f, 0x8b, 0x08),
    BZIP2("bzip2", List.of(".bz2"), "bzip2", 'B', 'Z', 'h'),
    /** The .xz file format, section 2.1.1.1. */
    XZ("xz", List.of(".xz"), "xz-utils", 0xfd, '7', 'z', 'X', 'Z', 0),
    /** RFC 8878, section 3.1.1. */
    ZSTD("zstd", List.of(".zst", ".zstd"), "zstd", 0x28, 0xb5, 0x2f, 0xfd);

    private static final int CHUNK = 1 << 18;

    private final String word;
    private final List<String> extensions;
    private final String debianPackage;
    private final byte[] magic;

    Compression(String word, List<String> extensions, String debianPackage, int... magic) {
        this.word = word;
        this.extensions = extensions;
        this.debianPackage = debianPackage;
        this.magic = new byte[magic.length];
        for (int i = 0; i < magic.length; i++) {
            this.magic[i] = (byte) magic[i];
        }
    }

    /**
     * Finds out how a file is compressed, by the extension of its name, else by its first bytes.
     *
     * @param name what the file was called where it came from
     * @return empty when it is not compressed
     */
    static Optional<Compression> of(String name, Path file) throws IOException {
        String lower = name.toLowerCase(Locale.ROOT);
        Optional<Compression> byName = Arrays.stream(values())
                .filter(c -> c.extensions.stream().anyMatch(lower::endsWith))
                .findFirst();
        if (byName.isPresent()) {
            return byName;
        }
        try (InputStream in = Files.newInputStream(file)) {
            byte[] start = in.readNBytes(6);
            return Arrays.stream(values())
                    .filter(c -> start.length >= c.magic.length
                            && Arrays.equals(start, 0, c.magic.length, c.magic, 0, c.magic.length))
                    .findFirst();
        }
    }

    /**
     * Unpacks a file.
     *
     * @param to does not exist yet; incomplete after any failure
     * @throws CorruptArchive when the file is not whole, or not compressed this way
     * @throws LimaException when the result cannot be written or the program for it is missing
     */
    void unpack(Path from, Path to, Storage storage, HostEnvironment caller, Progress.Task task)
            throws CorruptArchive, IOException, InterruptedException {
        try (OutputFile output = OutputFile.open(storage, to, -1)) {
            if (this == GZIP) {
                gunzip(from, output, task);
            } else {
                runProgram(from, output, caller, task);
            }
            output.finish();
        }
    }

    private void gunzip(Path from, OutputFile output, Progress.Task task)
            throws CorruptArchive, IOException, InterruptedException {
        AtomicLong done = new AtomicLong();
        try (InputStream file = new BufferedInputStream(new Counting(Files.newInputStream(from), done), CHUNK);
                InputStream plain = new GZIPInputStream(file, CHUNK)) {
            byte[] buffer = new byte[CHUNK];
            for (int n; (n = plain.read(buffer)) >= 0; ) {
                if (Thread.interrupted()) {
                    throw new InterruptedException();
                }
                output.write(ByteBuffer.wrap(buffer, 0, n));
                task.advance(done.get());
            }
        } catch (ZipException | EOFException e) {
            throw new CorruptArchive(this, String.valueOf(e.getMessage()));
        }
    }

    private void runProgram(Path from, OutputFile output, HostEnvironment caller, Progress.Task task)
            throws CorruptArchive, IOException, InterruptedException {
        HostProgram program = HostProgram.find(word, debianPackage, caller);
        AtomicLong done = new AtomicLong();
        HostProgram.Outcome outcome = program.run(
                List.of("-d", "-c"),
                from.toAbsolutePath().getRoot(),
                stdin -> {
                    try (InputStream file = new Counting(Files.newInputStream(from), done)) {
                        file.transferTo(stdin);
                    }
                },
                stdout -> copy(stdout, output, task, done));
        if (outcome.exitCode() != 0) {
            throw new CorruptArchive(this, outcome.errorOutput());
        }
    }

    private static void copy(InputStream from, OutputFile output, Progress.Task task, AtomicLong done)
            throws IOException, InterruptedException {
        byte[] buffer = new byte[CHUNK];
        for (int n; (n = from.readNBytes(buffer, 0, CHUNK)) > 0; ) {
            output.write(ByteBuffer.wrap(buffer, 0, n));
            task.advance(done.get());
        }
    }

    /** The name of the format. */
    String word() {
        return word;
    }

    /** The archive is damaged or is none of its kind. */
    static final class CorruptArchive extends Exception {
        private static final long serialVersionUID = 1L;

        CorruptArchive(Compression kind, String words) {
            super("not a whole " + kind.word + " file: " + words);
        }
    }

    /** Counts the bytes read through it. */
    private static final class Counting extends FilterInputStream {
        private final AtomicLong count;

        Counting(InputStream in, AtomicLong count) {
            super(in);
            this.count = count;
        }

        @Override
        public int read() throws IOException {
            int b = super.read();
            if (b >= 0) {
                count.incrementAndGet();
            }
            return b;
        }

        @Override
        public int read(byte[] buffer, int offset, int length) throws IOException {
            int n = super.read(buffer, offset, length);
            if (n > 0) {
                count.addAndGet(n);
            }
            return n;
        }

        @Override
        public long transferTo(OutputStream out) throws IOException {
            byte[] buffer = new byte[1 << 16];
            long total = 0;
            for (int n; (n = read(buffer, 0, buffer.length)) >= 0; total += n) {
                out.write(buffer, 0, n);
            }
            return total;
        }
    }
}
