// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.disk;

import io.jlima.api.HostEnvironment;
import io.jlima.api.LimaException;
import io.jlima.core.internal.image.HostProgram;
import io.jlima.core.internal.image.ImageFormat;
import io.jlima.core.internal.image.Qcow2Header;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A disk image and what qemu-img does to it. The format is always told to qemu-img, which would guess from content
 * that a guest may have written.
 *
 * @param caller whose qemu-img is used
 */
record DiskFile(Path file, ImageFormat format, HostEnvironment caller) {
    private static final Pattern VIRTUAL_SIZE = Pattern.compile("\"virtual-size\":\\s*(\\d{1,18})");

    /**
     * The disk of an instance, whoever has made it.
     *
     * @param base the only file that it may be based on
     * @throws LimaException when the guest, or whoever made the image, wants other files opened
     */
    static DiskFile ofInstance(Path file, Path base, HostEnvironment caller) throws IOException {
        Optional<Qcow2Header> header = Qcow2Header.read(file);
        String below = header.map(Qcow2Header::backingFile).orElse(null);
        if (below == null || header.filter(Qcow2Header::externalData).isPresent()) {
            return new DiskFile(file, ImageFormat.ofForeign(file), caller);
        }
        Path resolved = base.resolveSibling(below).normalize();
        if (!resolved.equals(base.normalize())) {
            throw new LimaException(
                    "The disk " + file + " is not used: it is based on a file that is not of this instance",
                    "Backing file: " + below,
                    "qemu-img rebase can make it independent, if you know where it comes from.",
                    null);
        }
        return new DiskFile(file, ImageFormat.QCOW2, caller);
    }

    /**
     * Makes an empty qcow2 disk.
     *
     * @param base format of the file {@code basedisk} beside it that it is laid over, null for none
     */
    static void create(Path file, long size, @Nullable ImageFormat base, HostEnvironment caller)
            throws InterruptedException {
        List<String> arguments = new ArrayList<>(List.of("create", "-q", "-f", ImageFormat.QCOW2.word()));
        if (base != null) {
            arguments.addAll(List.of("-F", base.word(), "-b", "basedisk"));
        }
        arguments.addAll(List.of(name(file), Long.toString(size)));
        qemuImg(arguments, file, caller, "Making the disk " + file);
    }

    /** Size of the disk that the guest sees, in bytes. */
    long virtualSize() throws IOException, InterruptedException {
        return switch (format) {
            case QCOW2 ->
                Qcow2Header.read(file)
                        .orElseThrow(() -> new LimaException("The disk " + file + " has lost its header"))
                        .virtualSize();
            case RAW, ISO9660 -> Files.size(file);
            case VMDK, VHDX, VDI -> {
                String purpose = "Reading the size of " + file;
                String json = qemuImg(
                        List.of("info", "-f", format.word(), "--output=json", name(file)), file, caller, purpose);
                Matcher size = VIRTUAL_SIZE.matcher(json);
                if (!size.find()) {
                    throw new LimaException(purpose + " failed: qemu-img does not say it");
                }
                yield Long.parseLong(size.group(1));
            }
        };
    }

    /** Makes the disk larger. */
    void grow(long size) throws InterruptedException {
        qemuImg(
                List.of("resize", "-q", "-f", format.word(), name(file), Long.toString(size)),
                file,
                caller,
                "Growing the disk " + file);
    }

    /** Runs qemu-img where the file is: of a path with a colon in it, it would take the beginning for a protocol. */
    private static String qemuImg(List<String> arguments, Path file, HostEnvironment caller, String purpose)
            throws InterruptedException {
        Path directory = file.toAbsolutePath().getParent();
        return HostProgram.find("qemu-img", "qemu-utils", caller)
                .run(arguments, directory == null ? Path.of("/") : directory, purpose);
    }

    private static String name(Path file) {
        return String.valueOf(file.getFileName());
    }
}
