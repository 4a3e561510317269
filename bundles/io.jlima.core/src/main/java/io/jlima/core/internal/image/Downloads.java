// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.image;

import io.jlima.api.HostEnvironment;
import io.jlima.api.LimaException;
import io.jlima.api.Progress;
import java.io.IOException;
import java.net.URI;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Brings files from the web and from this host into the download cache, which is shared with Lima. Thread-safe; a file
 * that several ask for at the same time is brought once.
 */
public final class Downloads {
    private static final Pattern SCHEME = Pattern.compile("([A-Za-z][A-Za-z0-9+.-]+):.*", Pattern.DOTALL);

    private final Flights<Errand, Path> flights = new Flights<>();
    private final TrustedRoots roots = new TrustedRoots();
    private final Storage storage;
    private final Patience patience;

    public Downloads() {
        this(Storage.FILE_SYSTEM, Patience.DEFAULT);
    }

    Downloads(Storage storage, Patience patience) {
        this.storage = storage;
        this.patience = patience;
    }

    /** The scheme of a location in lower case, {@code file} when it is a plain path. */
    static String scheme(String location) {
        Matcher matcher = SCHEME.matcher(location);
        return matcher.matches() ? matcher.group(1).toLowerCase(Locale.ROOT) : "file";
    }

    /** Where the caller's cache is; image sources have their own parts of it. */
    public static Path cacheRoot(HostEnvironment caller) {
        return CacheEntry.root(caller);
    }

    /**
     * Brings a file, unless it is here. A file of the web that has the demanded digest is taken as it is; without a
     * demand, the server is asked whether it has changed, and what is here is used when no answer comes.
     *
     * @param location {@code https:}, {@code http:} or {@code file:} URL, or a path as the caller would write it
     * @param digest {@code algorithm:hex} of the bytes as served, null when any will do
     * @param unpack whether compression is taken off
     * @return a complete file in the cache that nobody changes; removed from the cache, it can be brought again
     * @throws LimaException when the file cannot be had, with the reason
     * @throws InterruptedException when the calling thread is interrupted; what has come of a download is kept, to be
     *     continued
     */
    public Path fetch(
            String location, @Nullable String digest, boolean unpack, HostEnvironment caller, Progress progress)
            throws InterruptedException {
        Digest demanded = digest == null || digest.isBlank() ? null : Digest.parse(digest.strip());
        boolean remote = scheme(location).startsWith("http");
        Path file = remote ? null : localFile(location, caller);
        CacheEntry entry = CacheEntry.of(CacheEntry.root(caller), file == null ? location : "file://" + file);
        Errand errand = new Errand(entry.directory(), demanded, unpack);
        return flights.join(errand, progress, shared -> {
            try (Origin origin = file == null
                    ? new HttpOrigin(location, new WebClient(caller, roots, patience), patience, storage)
                    : new FileOrigin(file, storage)) {
                return bring(entry, origin, name(location), demanded, unpack, caller, shared);
            } catch (ClosedByInterruptException e) {
                Thread.interrupted();
                throw new InterruptedException();
            } catch (IOException e) {
                throw new LimaException("Cannot use the download cache in " + entry.directory(), e);
            }
        });
    }

    private Path bring(
            CacheEntry entry,
            Origin origin,
            String name,
            @Nullable Digest digest,
            boolean unpack,
            HostEnvironment caller,
            Progress progress)
            throws IOException, InterruptedException {
        // Complete files come into being by renaming, so that what is here and right can be used without the lock.
        boolean current = digest == null ? entry.hasData() && origin.isUnchanged(entry) : entry.isKnownAs(digest);
        if (current
                && (!unpack
                        || entry.isUnpacked()
                        || Compression.of(name, entry.data()).isEmpty())) {
            AtomicFile.makeReadOnly(entry.data());
            return unpack && entry.isUnpacked() ? entry.unpacked() : entry.data();
        }
        DirectoryLock lock = entry.lock(() -> progress.info("Waiting for another program that is fetching " + name));
        try {
            entry.describe();
            entry.sweep();
            if (!(current && entry.hasData()) && !isCurrent(entry, origin, digest)) {
                transfer(entry, origin, name, digest, progress);
            }
            AtomicFile.makeReadOnly(entry.data());
            return unpack ? unpacked(entry, name, caller, progress) : entry.data();
        } finally {
            lock.close();
        }
    }

    private static boolean isCurrent(CacheEntry entry, Origin origin, @Nullable Digest digest)
            throws IOException, InterruptedException {
        return digest == null ? entry.hasData() && origin.isUnchanged(entry) : entry.isFoundAs(digest);
    }

    private static void transfer(
            CacheEntry entry, Origin origin, String name, @Nullable Digest digest, Progress progress)
            throws IOException, InterruptedException {
        try {
            Origin.Arrival arrival = origin.transfer(entry, digest, progress);
            if (digest != null && !digest.equals(arrival.digest()) && arrival.continued()) {
                // The beginning may be of another file than the end, whatever the server says.
                entry.discardPart();
                arrival = origin.transfer(entry, digest, progress);
            }
            if (digest != null && !digest.equals(arrival.digest())) {
                entry.discardPart();
                throw new LimaException(
                        "The file " + name + " is not the one expected: its digest is wrong",
                        "expected: " + digest + "\nactual:   " + arrival.digest(),
                        "The file may have been replaced by a newer one, or tampered with. If you trust it, correct"
                                + " the digest in lima.yaml.",
                        null);
            }
            entry.commit(arrival);
        } finally {
            if (entry.validator().isEmpty()) {
                entry.discardPart();
            }
        }
    }

    private Path unpacked(CacheEntry entry, String name, HostEnvironment caller, Progress progress)
            throws IOException, InterruptedException {
        Optional<Compression> compression = Compression.of(name, entry.data());
        if (compression.isEmpty()) {
            return entry.data();
        }
        if (!entry.isUnpacked()) {
            Path temporary = AtomicFile.temporary(entry.unpacked());
            try (Progress.Task task = progress.begin("Unpacking " + name, Files.size(entry.data()))) {
                compression.get().unpack(entry.data(), temporary, storage, caller, task);
                entry.commitUnpacked(temporary);
            } catch (Compression.CorruptArchive e) {
                entry.discardData();
                throw new LimaException(
                        "The file " + name + " cannot be unpacked",
                        e.getMessage(),
                        "It was damaged on its way or at its source, and has been removed from the cache; try again.",
                        e);
            } finally {
                Files.deleteIfExists(temporary);
            }
        }
        return entry.unpacked();
    }

    /** The path that a location of this host means. */
    private static Path localFile(String location, HostEnvironment caller) {
        if (!scheme(location).equals("file") || !location.regionMatches(true, 0, "file:", 0, 5)) {
            return caller.resolve(location);
        }
        String path = location.substring(5);
        if (path.startsWith("//localhost/")) {
            path = path.substring(11);
        } else if (path.startsWith("//")) {
            path = path.substring(2);
        }
        Path literal = caller.resolve(path);
        if (path.contains("%") && !Files.exists(literal)) {
            try {
                return caller.resolve(URI.create("file://" + path).getPath());
            } catch (IllegalArgumentException e) {
                return literal;
            }
        }
        return literal;
    }

    /** A location without what may follow the name of its file. */
    private static String name(String location) {
        return scheme(location).startsWith("http") ? location.replaceFirst("[?#].*", "") : location;
    }

    private record Errand(Path directory, @Nullable Digest digest, boolean unpack) {}
}
