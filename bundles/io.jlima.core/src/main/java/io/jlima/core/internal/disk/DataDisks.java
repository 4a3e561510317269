// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.disk;

import io.jlima.api.HostEnvironment;
import io.jlima.api.LimaException;
import io.jlima.api.Progress;
import io.jlima.core.internal.image.AtomicFile;
import io.jlima.core.internal.image.ByteSize;
import io.jlima.core.internal.image.FileCopy;
import io.jlima.core.internal.image.ImageFormat;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;

/**
 * The disks in {@code _disks}, under the names that Lima knows: {@code NAME/datadisk}, and {@code NAME/in_use_by}, a link
 * to the directory of the instance that has the disk.
 *
 * <p>{@code NAME/format} is ours. A guest may write what it likes into a raw disk, the beginning of a qcow2 file too, so
 * content alone does not tell the format of a disk that we have made ourselves.
 */
public final class DataDisks {
    private final Path root;
    private final ReentrantLock lock = new ReentrantLock();

    /** @param root {@code LIMA_HOME/_disks}; may be missing */
    public DataDisks(Path root) {
        this.root = root;
    }

    /** What one does who looks who has a disk, and acts upon it. */
    public interface Deed<T, X extends Exception> {
        T run() throws X;
    }

    /** Does it while nobody else of this process does such a thing. */
    public <T, X extends Exception> T alone(Deed<T, X> deed) throws X {
        lock.lock();
        try {
            return deed.run();
        } finally {
            lock.unlock();
        }
    }

    /** Names of all disks, sorted. */
    public List<String> names() {
        if (!Files.isDirectory(root)) {
            return List.of();
        }
        try (Stream<Path> entries = Files.list(root)) {
            return entries.filter(e -> Files.isRegularFile(e.resolve("datadisk")))
                    .map(e -> e.getFileName().toString())
                    .filter(n -> !n.startsWith("."))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Whether there is such a disk. */
    public boolean exists(String name) {
        return Files.isRegularFile(file(name));
    }

    public Path directory(String name) {
        return root.resolve(name);
    }

    public Path file(String name) {
        return directory(name).resolve("datadisk");
    }

    /** Size that a guest sees, in bytes. */
    public long size(String name, HostEnvironment caller) throws IOException, InterruptedException {
        return new DiskFile(file(name), format(name), caller).virtualSize();
    }

    /** Format of the disk; of one that somebody else has made, found by its content. */
    public ImageFormat format(String name) throws IOException {
        Path note = directory(name).resolve("format");
        if (Files.exists(note)) {
            return Files.readString(note).strip().equals("raw") ? ImageFormat.RAW : ImageFormat.ofForeign(file(name));
        }
        ImageFormat found = ImageFormat.ofForeign(file(name));
        return found == ImageFormat.QCOW2 ? found : ImageFormat.RAW;
    }

    /** Makes an empty disk. */
    public void create(String name, long size, ImageFormat format, HostEnvironment caller) throws InterruptedException {
        make(name, format, draft -> {
            if (format == ImageFormat.RAW) {
                try (RandomAccessFile file = new RandomAccessFile(draft.toFile(), "rw")) {
                    file.setLength(size);
                }
            } else {
                DiskFile.create(draft, size, null, caller);
            }
        });
    }

    /** Makes a disk of a copy of the image. */
    public void importImage(String name, Path image, Progress progress) throws InterruptedException {
        ImageFormat format;
        try {
            ImageFormat found = ImageFormat.ofForeign(image);
            format = found == ImageFormat.ISO9660 ? ImageFormat.RAW : found;
        } catch (IOException e) {
            throw new LimaException("cannot read the image " + image, e);
        }
        if (format != ImageFormat.QCOW2 && format != ImageFormat.RAW) {
            throw new LimaException(
                    "the image " + image + " is of format " + format.word() + "; a disk is qcow2 or raw",
                    "Convert it: qemu-img convert -O qcow2 " + image + " NEW.qcow2");
        }
        make(name, format, draft -> FileCopy.copy(image, draft, progress));
    }

    private interface Maker {
        void make(Path draft) throws IOException, InterruptedException;
    }

    /** The directory appears with the disk in it, or not at all. */
    private void make(String name, ImageFormat format, Maker maker) throws InterruptedException {
        Path draft = root.resolve("." + name + ".new");
        try {
            Files.createDirectories(root);
            removeTree(draft);
            Files.createDirectory(
                    draft, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            maker.make(draft.resolve("datadisk"));
            Files.setPosixFilePermissions(draft.resolve("datadisk"), PosixFilePermissions.fromString("rw-------"));
            AtomicFile.write(draft.resolve("format"), format.word() + "\n");
            Files.move(draft, directory(name));
        } catch (IOException e) {
            throw new LimaException("cannot make the disk `" + name + "` in " + root, e);
        } finally {
            try {
                removeTree(draft);
            } catch (IOException e) {
                // A hidden directory stays, which the next try removes.
                draft.getFileName();
            }
        }
    }

    /** Makes the disk larger. */
    public void grow(String name, long size, HostEnvironment caller) throws InterruptedException {
        try {
            DiskFile disk = new DiskFile(file(name), format(name), caller);
            long present = disk.virtualSize();
            if (size < present) {
                throw new LimaException(
                        "specified size " + ByteSize.text(size) + " is less than the current disk size "
                                + ByteSize.text(present) + ". Disk shrinking is currently unavailable",
                        "Give at least " + ByteSize.text(present).replace(" ", ""));
            }
            if (size > present) {
                disk.grow(size);
            }
        } catch (IOException e) {
            throw new LimaException("cannot resize the disk `" + name + "`", e);
        }
    }

    public void delete(String name) {
        try {
            removeTree(directory(name));
        } catch (IOException e) {
            throw new LimaException("cannot remove the disk `" + name + "`", e);
        }
    }

    /** Name of the instance that has the disk; empty when none does. */
    public Optional<String> holder(String name) {
        try {
            Path link = directory(name).resolve("in_use_by");
            return Files.isSymbolicLink(link)
                    ? Optional.of(Files.readSymbolicLink(link).getFileName().toString())
                    : Optional.empty();
        } catch (IOException e) {
            throw new LimaException("cannot see who has the disk `" + name + "`", e);
        }
    }

    /** Gives the disk to an instance. */
    public void lock(String name, Path instanceDirectory) {
        try {
            Path link = directory(name).resolve("in_use_by");
            Path draft = directory(name).resolve("in_use_by.tmp");
            Files.deleteIfExists(draft);
            Files.createSymbolicLink(draft, instanceDirectory);
            Files.move(draft, link, java.nio.file.StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw new LimaException("cannot give the disk `" + name + "` to the instance", e);
        }
    }

    /** Takes the disk away from whoever has it. */
    public void unlock(String name) {
        try {
            Files.deleteIfExists(directory(name).resolve("in_use_by"));
        } catch (IOException e) {
            throw new LimaException("cannot unlock the disk `" + name + "`", e);
        }
    }

    /** Takes all disks away from an instance that has ended. */
    public void unlockAllOf(String instance) {
        names().stream()
                .filter(n -> holder(n).filter(instance::equals).isPresent())
                .forEach(this::unlock);
    }

    /** Disks have no directories in them. */
    private static void removeTree(Path directory) throws IOException {
        if (!Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        try (Stream<Path> entries = Files.list(directory)) {
            for (Path entry : entries.toList()) {
                Files.delete(entry);
            }
        }
        Files.delete(directory);
    }
}
