// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.disk;

import io.jlima.api.HostEnvironment;
import io.jlima.api.LimaException;
import io.jlima.api.machine.Snapshots;
import io.jlima.core.internal.image.HostProgram;
import io.jlima.core.internal.image.ImageFormat;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Snapshots of the disk of a machine that does not run, by qemu-img(1). */
public final class DiskSnapshots implements Snapshots {
    private final DiskFile disk;

    /**
     * @param directory of the instance
     * @param caller whose qemu-img is used
     * @throws LimaException when there is no disk, or it cannot have snapshots
     */
    public DiskSnapshots(Path directory, HostEnvironment caller) {
        try {
            Path file = directory.resolve("diffdisk");
            this.disk = DiskFile.ofInstance(
                    java.nio.file.Files.exists(file) ? file : directory.resolve("disk"),
                    directory.resolve("basedisk"),
                    caller);
        } catch (IOException e) {
            throw new LimaException("cannot read the disk in " + directory, e);
        }
        if (disk.format() != ImageFormat.QCOW2) {
            throw new LimaException(
                    "the disk " + disk.file() + " is of format " + disk.format().word() + ", which has no snapshots",
                    "A disk of format qcow2 has; see qemu-img convert");
        }
    }

    @Override
    public void save(String tag) throws InterruptedException {
        if (exists(tag)) {
            // As savevm does on a running machine; qemu-img would make a second one of the same tag.
            run("-d", tag);
        }
        run("-c", tag);
    }

    @Override
    public void load(String tag) throws InterruptedException {
        require(tag);
        run("-a", tag);
    }

    @Override
    public void remove(String tag) throws InterruptedException {
        require(tag);
        run("-d", tag);
    }

    private boolean exists(String tag) throws InterruptedException {
        return list().snapshots().stream().anyMatch(s -> s.tag().equals(tag));
    }

    private void require(String tag) throws InterruptedException {
        if (!exists(tag)) {
            throw new LimaException(
                    "there is no snapshot `" + tag + "`", "`limactl snapshot list` shows those there are");
        }
    }

    @Override
    public Listing list() throws InterruptedException {
        return Listing.parse(run("-l"));
    }

    private String run(String... action) throws InterruptedException {
        List<String> words = new ArrayList<>(List.of("snapshot"));
        words.addAll(List.of(action));
        Path file = disk.file();
        words.add(String.valueOf(file.getFileName()));
        Path directory = file.toAbsolutePath().getParent();
        return HostProgram.find("qemu-img", "qemu-utils", disk.caller())
                .run(words, directory == null ? Path.of("/") : directory, "The snapshot of " + file);
    }
}
