// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.image;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * An image whose files are complete on this host, in a cache that nobody writes to.
 *
 * @param disk the disk image, in one file
 * @param format of {@code disk}, by its content
 * @param kernel to boot it by, null when it has its own boot loader
 * @param initrd for the kernel, null for none
 * @param cmdline for the kernel, empty for none
 */
public record CachedImage(
        Path disk,
        ImageFormat format,
        @Nullable Path kernel,
        @Nullable Path initrd,
        String cmdline) {}
