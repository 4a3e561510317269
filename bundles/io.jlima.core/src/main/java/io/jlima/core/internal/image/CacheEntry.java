// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.image;

import io.jlima.api.HostEnvironment;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/**
 * The place of one location in the download cache that is shared with Lima: a directory with
 *
 * <ul>
 *   <li>{@code url}, {@code time}, {@code type}: the location, and what the server said of its last change and type
 *   <li>{@code data}: the bytes as served
 *   <li>{@code sha256.digest} and so on: a digest that {@code data} is known to have
 *   <li>{@code etag}: the server's own name for this content (ours; Lima has no such file)
 *   <li>{@code unpacked}: {@code data} without its compression, of the same modification time (ours)
 *   <li>{@code data.part}, {@code data.tmp.validator}: a transfer that was broken off, and what must still be true of
 *       the original for it to be continued
 * </ul>
 *
 * <p>Complete files come into being by renaming. All methods that write want the entry's {@link DirectoryLock} held.
 */
final class CacheEntry {
    private final Path directory;
    private final String url;

    private CacheEntry(Path directory, String url) {
        this.directory = directory;
        this.url = url;
    }

    /** The place of a location in the cache of this root. */
    static CacheEntry of(Path root, String url) {
        try {
            byte[] key = MessageDigest.getInstance("SHA-256").digest(url.getBytes(StandardCharsets.UTF_8));
            String name = HexFormat.of().formatHex(key);
            return new CacheEntry(root.resolve("download/by-url-sha256").resolve(name), url);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Where the caller's cache is: as for Lima, independent of LIMA_HOME. */
    static Path root(HostEnvironment caller) {
        if (System.getProperty("os.name", "").startsWith("Mac")) {
            return caller.home().resolve("Library/Caches/lima");
        }
        // XDG Base Directory Specification: a relative path is to be ignored.
        return caller.variable("XDG_CACHE_HOME")
                .map(Path::of)
                .filter(Path::isAbsolute)
                .orElseGet(() -> caller.home().resolve(".cache"))
                .resolve("lima");
    }

    Path directory() {
        return directory;
    }

    Path data() {
        return directory.resolve("data");
    }

    Path unpacked() {
        return directory.resolve("unpacked");
    }

    Path part() {
        return directory.resolve("data.part");
    }

    private Path validatorFile() {
        return directory.resolve("data.tmp.validator");
    }

    private Path digestFile(String algorithm) {
        return directory.resolve(algorithm + ".digest");
    }

    boolean hasData() {
        return Files.isRegularFile(data());
    }

    /**
     * Makes the directory, if there is none, and locks it. The one who has held the lock until now may have removed the
     * directory: a lock on what is in nobody's way any more would be none.
     *
     * @param onWait told if the lock is not free
     */
    DirectoryLock lock(Runnable onWait) throws IOException, InterruptedException {
        while (true) {
            create();
            Object place = place();
            DirectoryLock lock;
            try {
                lock = DirectoryLock.acquire(directory, onWait);
            } catch (NoSuchFileException e) {
                continue;
            }
            if (place != null && place.equals(place())) {
                return lock;
            }
            lock.close();
        }
    }

    /** What tells this directory from a later one at the same path as long as it is open; null when there is none. */
    private @Nullable Object place() throws IOException {
        try {
            return Files.readAttributes(directory, BasicFileAttributes.class).fileKey();
        } catch (NoSuchFileException e) {
            return null;
        }
    }

    /** Makes the directory, for the user alone. */
    void create() throws IOException {
        boolean posix = FileSystems.getDefault().supportedFileAttributeViews().contains("posix");
        FileAttribute<?>[] mode = posix
                ? new FileAttribute<?>[] {
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"))
                }
                : new FileAttribute<?>[0];
        Files.createDirectories(directory, mode);
    }

    /** Writes down what the entry is about. */
    void describe() throws IOException {
        if (!text("url").equals(url)) {
            AtomicFile.write(directory.resolve("url"), url);
        }
    }

    /** Removes what transfers that died have left and that cannot be continued. */
    void sweep() throws IOException {
        String validator = validatorFile().getFileName().toString();
        try (DirectoryStream<Path> leftovers = Files.newDirectoryStream(directory, "{*.tmp,data.tmp.*}")) {
            for (Path file : leftovers) {
                if (!file.getFileName().toString().equals(validator) && Files.isRegularFile(file)) {
                    Files.deleteIfExists(file);
                }
            }
        }
        if (validator().isEmpty()) {
            discardPart();
        }
    }

    /** What a short file of the entry says; empty when it is not there. */
    String text(String name) throws IOException {
        try {
            return Files.readString(directory.resolve(name)).strip();
        } catch (NoSuchFileException e) {
            return "";
        }
    }

    /** Whether {@code data} is known to have the digest, without looking at it. */
    boolean isKnownAs(Digest digest) throws IOException {
        return hasData()
                && text(digestFile(digest.algorithm()).getFileName().toString()).equals(digest.toString());
    }

    /** Whether {@code data} has the digest; looks at it unless that is known, and then remembers. */
    boolean isFoundAs(Digest digest) throws IOException, InterruptedException {
        Path file = digestFile(digest.algorithm());
        if (!hasData() || Files.exists(file)) {
            return isKnownAs(digest);
        }
        boolean same = digest.of(data()).equals(digest);
        if (same) {
            AtomicFile.write(file, digest.toString());
        }
        return same;
    }

    /** What the original must still be for {@code data.part} to be continued; empty when it cannot be. */
    String validator() throws IOException {
        return text(validatorFile().getFileName().toString());
    }

    /**
     * Throws a begun transfer away and gets ready for another.
     *
     * @param validator empty when it could not be continued
     */
    void beginPart(String validator) throws IOException {
        discardPart();
        if (!validator.isEmpty()) {
            AtomicFile.write(validatorFile(), validator);
        }
    }

    void discardPart() throws IOException {
        Files.deleteIfExists(part());
        Files.deleteIfExists(validatorFile());
    }

    /** Makes the finished {@code data.part} the entry's data. A crash within leaves data that is not trusted. */
    void commit(Origin.Arrival arrival) throws IOException {
        discardKnowledge();
        AtomicFile.makeReadOnly(part());
        AtomicFile.publish(part(), data());
        Files.deleteIfExists(validatorFile());
        AtomicFile.write(directory.resolve("type"), arrival.type());
        AtomicFile.write(directory.resolve("etag"), arrival.etag());
        AtomicFile.write(directory.resolve("time"), arrival.time());
        Digest digest = arrival.digest();
        if (digest != null) {
            AtomicFile.write(digestFile(digest.algorithm()), digest.toString());
        }
    }

    /** Removes the data and all that is known of it. */
    void discardData() throws IOException {
        discardKnowledge();
        Files.deleteIfExists(data());
    }

    private void discardKnowledge() throws IOException {
        for (String name : new String[] {"time", "type", "etag", "sha256.digest", "sha384.digest", "sha512.digest"}) {
            Files.deleteIfExists(directory.resolve(name));
        }
        Files.deleteIfExists(unpacked());
    }

    /** Whether {@code unpacked} belongs to the present data. */
    boolean isUnpacked() throws IOException {
        return Files.isRegularFile(unpacked()) && stamp(unpacked()) == stamp(data());
    }

    /** Makes a finished file the unpacked form of the data. */
    void commitUnpacked(Path temporary) throws IOException {
        Files.setLastModifiedTime(temporary, FileTime.fromMillis(stamp(data())));
        AtomicFile.makeReadOnly(temporary);
        AtomicFile.publish(temporary, unpacked());
    }

    private static long stamp(Path file) throws IOException {
        return Files.getLastModifiedTime(file).toMillis();
    }
}
