// SPDX-License-Identifier: Apache-2.0
package io.jlima.api.image;

import io.jlima.api.Arch;
import io.jlima.api.HostEnvironment;
import io.jlima.api.LimaException;
import io.jlima.api.Progress;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * Turns image locations of one scheme into files on this host. A stateless service with the property
 * {@value #SCHEME}; thread-safe.
 */
@ConsumerType
public interface ImageSource {
    /** Service property: the scheme of the locations it serves, without the colon, for example {@code debian}. */
    String SCHEME = "scheme";

    /**
     * Brings the image here, from the cache if it is there. Returns when all files are complete; they are read-only
     * for the caller and stay in the cache. Asking twice at the same time does the work once. The calling thread may
     * be interrupted to give up, which leaves nothing half-made.
     *
     * @throws LimaException when the image cannot be had
     */
    SourcedImage fetch(Request request, HostEnvironment caller, Progress progress);

    /**
     * @param location the whole location, with its scheme
     * @param cache directory for this source alone, which need not exist yet
     */
    record Request(String location, Arch arch, Path cache) {}

    /**
     * @param disk the disk image
     * @param kernel to boot it by, null when it has its own boot loader
     * @param initrd for the kernel, null for none
     * @param cmdline for the kernel, empty for none
     */
    record SourcedImage(
            Path disk, @Nullable Path kernel, @Nullable Path initrd, String cmdline) {}
}
