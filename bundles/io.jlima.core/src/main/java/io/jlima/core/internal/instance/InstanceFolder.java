// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.instance;

import io.jlima.api.LimaException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The directory of one instance. File names are Lima's, so that both programs can read it. */
record InstanceFolder(String name, Path path) {
    /** Present as soon as something was made of the configuration: then {@code lima-version} counts. */
    private static final List<String> SIGNS_OF_LIFE = List.of(
            "ha.stdout.log", "ha.stderr.log", "vz-identifier", "image", "disk", "basedisk", "diffdisk", "cidata.iso");

    private static final Set<String> KEPT_BY_RESET = Set.of("lima-version", "protected", "vz-identifier");

    Path file(String fileName) {
        return path.resolve(fileName);
    }

    Path limaYaml() {
        return file("lima.yaml");
    }

    boolean exists() {
        return Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS);
    }

    boolean isProtected() {
        return Files.exists(file("protected"));
    }

    boolean hasLived() {
        return SIGNS_OF_LIFE.stream().anyMatch(n -> Files.exists(file(n), LinkOption.NOFOLLOW_LINKS));
    }

    /** Content of {@code lima-version}; empty when there is none. */
    String version() {
        try {
            return Files.readString(file("lima-version")).strip();
        } catch (IOException e) {
            return "";
        }
    }

    /** Makes the directory with its configuration, all at once: it appears complete or not at all. */
    void create(String yaml, String version) {
        Path draft = path.resolveSibling("." + name + ".new");
        try {
            Files.createDirectories(path.getParent());
            deleteTree(draft);
            Files.createDirectory(
                    draft, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            Files.writeString(draft.resolve("lima.yaml"), yaml);
            Files.writeString(draft.resolve("lima-version"), version);
            Files.setPosixFilePermissions(draft.resolve("lima-version"), PosixFilePermissions.fromString("r--r--r--"));
            Files.move(draft, path, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw abandoned(draft, trouble("cannot make the directory of instance `" + name + "`", e));
        }
    }

    /** Gives the directory another name; what one run has left in it does not go along. */
    void moveTo(InstanceFolder target) {
        try {
            try (Stream<Path> entries = Files.list(path)) {
                for (Path entry : entries.toList()) {
                    if (InstanceCopy.isOfOneRun(entry.getFileName().toString())) {
                        deleteTree(entry);
                    }
                }
            }
            Files.move(path, target.path, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw trouble("cannot rename instance `" + name + "` to `" + target.name + "`", e);
        }
    }

    /** Removes everything; a crash in between leaves no half instance, only a hidden folder. */
    void delete() {
        Path doomed = path.resolveSibling("." + name + ".deleted");
        try {
            deleteTree(doomed);
            Files.move(path, doomed, StandardCopyOption.ATOMIC_MOVE);
            deleteTree(doomed);
        } catch (IOException e) {
            throw trouble("cannot delete the directory of instance `" + name + "`", e);
        }
    }

    /** Removes all but the configuration and what identifies the instance. */
    void reset() {
        try (Stream<Path> entries = Files.list(path)) {
            for (Path entry : entries.toList()) {
                String fileName = entry.getFileName().toString();
                if (!KEPT_BY_RESET.contains(fileName) && !fileName.endsWith(".yaml") && !fileName.endsWith(".yml")) {
                    deleteTree(entry);
                }
            }
        } catch (IOException e) {
            throw trouble("cannot reset instance `" + name + "`", e);
        }
    }

    /** Writes a file so that readers see the old content or the new, never a part. */
    void write(String fileName, String content, String permissions) {
        Path draft = file(fileName + ".tmp");
        try {
            Files.deleteIfExists(draft);
            Files.createFile(draft, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions)));
            Files.writeString(draft, content);
            Files.move(draft, file(fileName), StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw abandoned(draft, trouble("cannot write " + file(fileName), e));
        }
    }

    /** The error, after what was half made is gone. */
    private static LimaException abandoned(Path draft, LimaException error) {
        try {
            deleteTree(draft);
        } catch (IOException e) {
            error.addSuppressed(e);
        }
        return error;
    }

    void remove(String... fileNames) {
        for (String fileName : fileNames) {
            try {
                Files.deleteIfExists(file(fileName));
            } catch (IOException e) {
                throw trouble("cannot remove " + file(fileName), e);
            }
        }
    }

    /** A file system's refusal in words that help. */
    static LimaException trouble(String what, IOException e) {
        String reason = e instanceof FileSystemException f && f.getReason() != null ? f.getReason() : e.toString();
        String remedy = null;
        if (e instanceof AccessDeniedException) {
            remedy = "Check the owner and the permissions of LIMA_HOME";
            reason = "permission denied: " + e.getMessage();
        } else if (reason.contains("No space left")) {
            remedy = "Make room on the disk and give the command again";
        } else if (reason.contains("Read-only file system")) {
            remedy = "Set LIMA_HOME to a directory that can be written to";
        }
        return new LimaException(what, reason, remedy, e);
    }

    private static void deleteTree(Path root) throws IOException {
        if (!Files.exists(root, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        Files.walkFileTree(root, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                Files.deleteIfExists(file);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
                if (e instanceof NoSuchFileException) {
                    return FileVisitResult.CONTINUE;
                }
                throw e;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path directory, @Nullable IOException e) throws IOException {
                if (e != null) {
                    throw e;
                }
                Files.deleteIfExists(directory);
                return FileVisitResult.CONTINUE;
            }
        });
    }
}
