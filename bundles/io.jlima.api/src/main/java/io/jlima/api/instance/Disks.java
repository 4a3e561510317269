// SPDX-License-Identifier: Apache-2.0
package io.jlima.api.instance;

import io.jlima.api.HostEnvironment;
import io.jlima.api.LimaException;
import io.jlima.api.Progress;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.osgi.annotation.versioning.ProviderType;

/**
 * Named disks beside those of the instances, each for one instance at a time: {@code additionalDisks} of lima.yaml.
 * Thread-safe. What is refused is refused by a {@link LimaException}.
 */
@ProviderType
public interface Disks {
    /** Every disk, by name. */
    List<DataDisk> list();

    /** One disk; empty when there is none of this name. */
    Optional<DataDisk> find(String name);

    /**
     * Makes an empty disk.
     *
     * @param size in bytes
     * @param format {@code qcow2} or {@code raw}
     */
    void create(String name, long size, String format, HostEnvironment caller) throws InterruptedException;

    /** Makes a disk with the content of an image, which is copied. */
    void importImage(String name, Path image, HostEnvironment caller, Progress progress) throws InterruptedException;

    /** Makes a disk larger; refused for a smaller size, and while a running instance has the disk. */
    void resize(String name, long size, HostEnvironment caller) throws InterruptedException;

    /** Removes a disk that no instance has. */
    void delete(String name);

    /**
     * Takes a disk away from an instance that does not run.
     *
     * @return whether an instance had it
     */
    boolean unlock(String name);

    /** Names of the instances whose lima.yaml asks for the disk. */
    List<String> wantedBy(String name);

    /**
     * @param size that a guest sees, in bytes
     * @param format {@code qcow2} or {@code raw}
     * @param instance that has the disk, null when none does
     */
    record DataDisk(
            String name,
            long size,
            String format,
            Path directory,
            @Nullable String instance) {}
}
