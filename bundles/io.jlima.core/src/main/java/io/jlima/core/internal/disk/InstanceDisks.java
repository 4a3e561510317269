// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.disk;

import io.jlima.api.HostEnvironment;
import io.jlima.api.LimaException;
import io.jlima.api.Progress;
import io.jlima.core.internal.image.AtomicFile;
import io.jlima.core.internal.image.ByteSize;
import io.jlima.core.internal.image.CachedImage;
import io.jlima.core.internal.image.FileCopy;
import io.jlima.core.internal.image.ImageFormat;
import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import org.jspecify.annotations.Nullable;

/**
 * The disks in one instance's directory, under the names that Lima knows:
 *
 * <ul>
 *   <li>{@code basedisk}: the image, shared with the cache where the file system allows; never written to
 *   <li>{@code diffdisk}: a qcow2 overlay on it that takes all that the guest writes; {@code disk} leads to it
 *   <li>{@code iso}: leads to {@code basedisk} if that is a CD, and {@code diffdisk} is an empty disk then
 *   <li>{@code kernel}, {@code initrd}, {@code kernel.cmdline}: what the guest is booted by, if not by its own loader
 * </ul>
 *
 * <p>An instance that Lima has made is used as it is: {@code disk} may be the only file, or the link may be missing.
 *
 * <p>{@code diffdisk} is the last to come into being; until it is there, everything may be made anew, so that a crash
 * at any point is mended by asking again. The caller holds the instance's lock.
 */
public final class InstanceDisks {
    /** Disks are counted in sectors of this many bytes. */
    private static final int SECTOR = 512;

    private final Path directory;
    private final HostEnvironment caller;

    /**
     * @param directory of the instance; exists
     * @param caller whose qemu-img is used
     */
    public InstanceDisks(Path directory, HostEnvironment caller) {
        this.directory = directory;
        this.caller = caller;
    }

    /** Whether the instance has its disk, so that it needs no image. */
    public boolean exist() {
        return Files.exists(disk()) || Files.exists(diffdisk());
    }

    /**
     * Makes the disks, unless they are there.
     *
     * @param size of the disk that the guest sees, in bytes
     * @throws LimaException when the image is larger than {@code size}, or something cannot be written
     */
    public InstanceDisk create(CachedImage image, long size, Progress progress) throws InterruptedException {
        try {
            if (!exist()) {
                make(image, size, progress);
            }
        } catch (ClosedByInterruptException e) {
            Thread.interrupted();
            throw new InterruptedException();
        } catch (IOException e) {
            throw new LimaException("Cannot make the disks in " + directory, e);
        }
        return open(size);
    }

    /**
     * Gets the disks ready for a start: grows the disk if it is smaller than it should be.
     *
     * @param size of the disk that the guest shall see, in bytes
     * @throws LimaException when the disk is larger than that, is not there, or would have other files opened
     */
    public InstanceDisk open(long size) throws InterruptedException {
        try {
            Path disk = Files.exists(disk()) ? disk() : diffdisk();
            if (!Files.exists(disk)) {
                throw new LimaException(
                        "The instance has no disk: there is none in " + directory,
                        "Delete the instance and create it again.");
            }
            DiskFile file = DiskFile.ofInstance(disk, basedisk(), caller);
            long wanted = sectors(size);
            long present = file.virtualSize();
            if (present > wanted) {
                throw new LimaException(
                        "The disk of the instance cannot be made smaller",
                        "%s is %s, and lima.yaml asks for %s"
                                .formatted(disk, ByteSize.text(present), ByteSize.text(size)),
                        "Set disk: in lima.yaml to \"" + ByteSize.text(present).replace(" ", "") + "\" or more.",
                        null);
            }
            if (present < wanted) {
                file.grow(wanted);
            }
            return new InstanceDisk(
                    disk,
                    file.format(),
                    iso(),
                    present("kernel"),
                    present("initrd"),
                    present("kernel.cmdline") == null ? "" : Files.readString(directory.resolve("kernel.cmdline")));
        } catch (ClosedByInterruptException e) {
            Thread.interrupted();
            throw new InterruptedException();
        } catch (IOException e) {
            throw new LimaException("Cannot read the disks in " + directory, e);
        }
    }

    private void make(CachedImage image, long size, Progress progress) throws IOException, InterruptedException {
        boolean iso = image.format() == ImageFormat.ISO9660;
        if (!iso) {
            long least = new DiskFile(image.disk(), image.format(), caller).virtualSize();
            if (least > sectors(size)) {
                throw new LimaException(
                        "The disk of the instance would be smaller than its image",
                        "%s is %s, and lima.yaml asks for %s"
                                .formatted(image.disk(), ByteSize.text(least), ByteSize.text(size)),
                        "Set disk: in lima.yaml to \"" + ByteSize.text(least).replace(" ", "") + "\" or more.",
                        null);
            }
        }
        place(image.kernel(), "kernel", progress);
        place(image.initrd(), "initrd", progress);
        Path cmdline = directory.resolve("kernel.cmdline");
        if (image.kernel() == null) {
            Files.deleteIfExists(cmdline);
        } else {
            AtomicFile.write(cmdline, image.cmdline());
        }
        place(image.disk(), "basedisk", progress);
        if (iso) {
            link("iso", "basedisk");
        } else {
            Files.deleteIfExists(directory.resolve("iso"));
        }
        link("disk", "diffdisk");
        Path temporary = AtomicFile.temporary(diffdisk());
        Files.deleteIfExists(temporary);
        try {
            DiskFile.create(temporary, sectors(size), iso ? null : image.format(), caller);
            AtomicFile.publish(temporary, diffdisk());
        } finally {
            Files.deleteIfExists(temporary);
        }
    }

    /** Puts a file of the cache under a name of the instance; takes the name away when there is no file. */
    private void place(@Nullable Path from, String name, Progress progress) throws IOException, InterruptedException {
        Path to = directory.resolve(name);
        Path temporary = AtomicFile.temporary(to);
        Files.deleteIfExists(temporary);
        if (from == null) {
            Files.deleteIfExists(to);
            return;
        }
        try {
            if (!linked(from, temporary)) {
                FileCopy.copy(from, temporary, progress);
                AtomicFile.makeReadOnly(temporary);
            }
            AtomicFile.publish(temporary, to);
        } finally {
            // Renaming a file onto another name of itself leaves both.
            Files.deleteIfExists(temporary);
        }
    }

    private static boolean linked(Path from, Path to) throws IOException {
        Path file = from.toRealPath();
        if (!AtomicFile.isReadOnly(file)) {
            return false;
        }
        try {
            Files.createLink(to, file);
            return true;
        } catch (FileSystemException | UnsupportedOperationException e) {
            // Another file system, one without links, or somebody else's file.
            return false;
        }
    }

    private void link(String name, String target) throws IOException {
        Path link = directory.resolve(name);
        if (Files.isSymbolicLink(link)
                && Files.readSymbolicLink(link).toString().equals(target)) {
            return;
        }
        Path temporary = AtomicFile.temporary(link);
        Files.deleteIfExists(temporary);
        Files.createSymbolicLink(temporary, Path.of(target));
        Files.move(temporary, link, StandardCopyOption.ATOMIC_MOVE);
    }

    private @Nullable Path iso() throws IOException {
        Path iso = present("iso");
        if (iso != null) {
            return iso;
        }
        Path base = present("basedisk");
        return base != null && ImageFormat.of(base) == ImageFormat.ISO9660 ? base : null;
    }

    private @Nullable Path present(String name) {
        Path file = directory.resolve(name);
        return Files.isRegularFile(file) ? file : null;
    }

    private static long sectors(long size) {
        return Math.ceilDiv(size, SECTOR) * SECTOR;
    }

    private Path disk() {
        return directory.resolve("disk");
    }

    private Path diffdisk() {
        return directory.resolve("diffdisk");
    }

    private Path basedisk() {
        return directory.resolve("basedisk");
    }
}
