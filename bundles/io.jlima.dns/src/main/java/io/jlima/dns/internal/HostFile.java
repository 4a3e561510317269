// SPDX-License-Identifier: Apache-2.0
package io.jlima.dns.internal;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** A file of the host's that is read again when it has changed. Thread-safe. */
final class HostFile<T> {
    /** How old knowledge of the file may be; a change has to show within a second. */
    private static final long FRESH_NANOS = 250_000_000;

    private final Path path;
    private final Function<String, T> reader;
    private final LongSupplier nanos;
    private T content;
    private @Nullable Object seen;
    private long looked;
    private boolean first = true;

    /** @param reader of the file's text; an empty text stands for a file that cannot be read */
    HostFile(Path path, Function<String, T> reader, LongSupplier nanos) {
        this.path = path;
        this.reader = reader;
        this.nanos = nanos;
        this.content = reader.apply("");
    }

    /** What tells one state of the file from another; null when there is none. */
    private @Nullable Object stamp() {
        try {
            BasicFileAttributes now = Files.readAttributes(path, BasicFileAttributes.class);
            return java.util.List.of(now.lastModifiedTime(), now.size(), String.valueOf(now.fileKey()));
        } catch (IOException e) {
            return null;
        }
    }

    synchronized T get() {
        long now = nanos.getAsLong();
        if (!first && now - looked < FRESH_NANOS) {
            return content;
        }
        looked = now;
        Object stamp = stamp();
        if (first || !java.util.Objects.equals(stamp, seen)) {
            first = false;
            seen = stamp;
            String text = "";
            try {
                text = stamp == null ? "" : Files.readString(path, java.nio.charset.StandardCharsets.ISO_8859_1);
            } catch (IOException e) {
                // As good as not there.
                text = "";
            }
            content = reader.apply(text);
        }
        return content;
    }
}
