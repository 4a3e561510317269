// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.instance;

import io.jlima.api.Progress;
import io.jlima.core.internal.image.AtomicFile;
import io.jlima.core.internal.image.FileCopy;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Set;

/**
 * A second instance made of a stopped one. What belongs to one life of the first, or to it alone, is left out. The new
 * directory appears complete or not at all.
 */
final class InstanceCopy {
    /** Not taken over: a mark that is meant for the first only, and state of one run. */
    private static final Set<String> LEFT_OUT = Set.of("protected", "swtpm", "instance-id");

    private static final Set<String> OF_ONE_RUN = Set.of("ready", "qemu.identity");

    private final InstanceFolder from;
    private final InstanceFolder to;
    private final Progress progress;

    InstanceCopy(InstanceFolder from, InstanceFolder to, Progress progress) {
        this.from = from;
        this.to = to;
        this.progress = progress;
    }

    /** Whether the file says something of a machine that runs or ran, and nothing of the next. */
    static boolean isOfOneRun(String fileName) {
        return OF_ONE_RUN.contains(fileName)
                || fileName.endsWith(".pid")
                || fileName.endsWith(".sock")
                || fileName.endsWith(".tmp");
    }

    void run() throws InterruptedException {
        Path draft = to.path().resolveSibling("." + to.name() + ".new");
        InstanceFolder unfinished = new InstanceFolder(to.name(), draft);
        try {
            if (unfinished.exists()) {
                unfinished.delete();
            }
            copyTree(draft);
            Files.move(draft, to.path(), StandardCopyOption.ATOMIC_MOVE);
        } catch (InterruptedIo e) {
            throw new InterruptedException();
        } catch (IOException e) {
            throw InstanceFolder.trouble("cannot copy instance `" + from.name() + "` to `" + to.name() + "`", e);
        } finally {
            if (unfinished.exists()) {
                unfinished.delete();
            }
        }
    }

    private static final class InterruptedIo extends IOException {
        private static final long serialVersionUID = 1L;
    }

    private void copyTree(Path draft) throws IOException {
        Files.walkFileTree(from.path(), new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes)
                    throws IOException {
                if (LEFT_OUT.contains(directory.getFileName().toString())) {
                    return FileVisitResult.SKIP_SUBTREE;
                }
                Files.copy(directory, target(directory), StandardCopyOption.COPY_ATTRIBUTES);
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                String name = file.getFileName().toString();
                if (LEFT_OUT.contains(name) || isOfOneRun(name) || attributes.isOther()) {
                    return FileVisitResult.CONTINUE;
                }
                if (name.equals("vz-identifier")) {
                    // The hypervisor must not take the two for one machine.
                    Files.createFile(target(file));
                } else {
                    copyFile(file, target(file), attributes);
                }
                return FileVisitResult.CONTINUE;
            }

            private Path target(Path source) {
                return draft.resolve(from.path().relativize(source));
            }
        });
    }

    private void copyFile(Path file, Path target, BasicFileAttributes attributes) throws IOException {
        if (attributes.isSymbolicLink()) {
            Files.copy(file, target, LinkOption.NOFOLLOW_LINKS);
            return;
        }
        if (AtomicFile.isReadOnly(file) && linked(file, target)) {
            return;
        }
        try {
            FileCopy.copy(file, target, progress);
        } catch (InterruptedException e) {
            throw new InterruptedIo();
        }
        Files.setPosixFilePermissions(target, Files.getPosixFilePermissions(file));
        Files.setLastModifiedTime(target, attributes.lastModifiedTime());
    }

    /** Nobody writes to a read-only file, so both instances can have the same one. */
    private static boolean linked(Path file, Path target) throws IOException {
        try {
            Files.createLink(target, file);
            return true;
        } catch (FileSystemException | UnsupportedOperationException e) {
            return false;
        }
    }
}
