// SPDX-License-Identifier: Apache-2.0
package io.jlima.ssh.internal;

import io.jlima.api.LimaException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.Set;

/** The user's key pair in a configuration directory, shared with Lima. */
final class UserKey {
    private static final Set<PosixFilePermission> OWNER_ONLY = PosixFilePermissions.fromString("rw-------");
    private static final Set<PosixFilePermission> READABLE = PosixFilePermissions.fromString("rw-r--r--");
    private static final String COMMENT = "lima";

    private final Path directory;
    private final Path privateFile;
    private final Path publicFile;

    UserKey(Path directory) {
        this.directory = directory;
        this.privateFile = directory.resolve("user");
        this.publicFile = directory.resolve("user.pub");
    }

    /** The public line; the pair is made, or its public half derived, where it is missing. */
    String publicLine() throws IOException {
        FileAttribute<?> closed = PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));
        Files.createDirectories(directory, closed);
        String text = privateText();
        Optional<String> present = read(publicFile).map(UserKey::firstLine).filter(line -> !line.isBlank());
        String derived;
        try {
            derived = OpenSshKey.publicLine(text, COMMENT);
        } catch (IllegalArgumentException e) {
            if (present.isPresent()) {
                // Somebody has put a key of another format here, with its public half: ssh may well be able to use it.
                return present.get();
            }
            throw new LimaException(
                    "The private key " + privateFile + " cannot be used",
                    e.getMessage(),
                    "Move it away to have a new one made; guests made with the old key will refuse the new one.",
                    e);
        }
        if (present.isPresent() && sameKey(present.get(), derived)) {
            return present.get();
        }
        write(publicFile, derived + "\n", READABLE, true);
        return derived;
    }

    private String privateText() throws IOException {
        Optional<String> text = read(privateFile);
        if (text.isEmpty()) {
            try {
                write(privateFile, OpenSshKey.generate(COMMENT).privateText(), OWNER_ONLY, false);
            } catch (FileAlreadyExistsException e) {
                // Somebody else was faster, and that key is the one.
            }
            text = read(privateFile);
        }
        // ssh refuses a private key that others can read.
        if (!Files.getPosixFilePermissions(privateFile).equals(OWNER_ONLY)) {
            Files.setPosixFilePermissions(privateFile, OWNER_ONLY);
        }
        return text.orElseThrow(() -> new NoSuchFileException(privateFile.toString()));
    }

    /** Writes a file so that no reader ever sees half of it, and the first writer wins unless told to replace. */
    private void write(Path file, String text, Set<PosixFilePermission> permissions, boolean replace)
            throws IOException {
        Path temporary = Files.createTempFile(
                directory, "." + file.getFileName(), ".tmp", PosixFilePermissions.asFileAttribute(OWNER_ONLY));
        try {
            try (FileChannel channel = FileChannel.open(temporary, StandardOpenOption.WRITE)) {
                ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII));
                while (bytes.hasRemaining()) {
                    channel.write(bytes);
                }
                channel.force(true);
            }
            Files.setPosixFilePermissions(temporary, permissions);
            if (replace) {
                Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
            } else {
                moveUnlessPresent(temporary, file);
            }
        } finally {
            Files.deleteIfExists(temporary);
        }
    }

    private static void moveUnlessPresent(Path from, Path to) throws IOException {
        try {
            // A rename would silently replace the key of another process that did the same at the same moment.
            Files.createLink(to, from);
        } catch (FileAlreadyExistsException e) {
            throw e;
        } catch (UnsupportedOperationException | FileSystemException e) {
            // A file system without links: what is left is to look and then to rename.
            Files.move(from, to);
        }
    }

    private static Optional<String> read(Path file) throws IOException {
        try {
            return Optional.of(Files.readString(file, StandardCharsets.ISO_8859_1));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
    }

    private static String firstLine(String text) {
        return text.lines().findFirst().orElse("").strip();
    }

    private static boolean sameKey(String one, String other) {
        String[] a = one.split(" ", 3);
        String[] b = other.split(" ", 3);
        return a.length >= 2 && b.length >= 2 && a[0].equals(b[0]) && a[1].equals(b[1]);
    }
}
