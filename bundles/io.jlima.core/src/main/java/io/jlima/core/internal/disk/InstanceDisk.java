// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.disk;

import io.jlima.core.internal.image.ImageFormat;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * What a machine boots from.
 *
 * @param disk the guest's own disk
 * @param format of {@code disk}
 * @param iso the CD to boot from, null when there is none
 * @param kernel to boot by, null when the disk or CD has its own boot loader
 * @param initrd for the kernel, null for none
 * @param cmdline for the kernel, empty for none
 */
public record InstanceDisk(
        Path disk,
        ImageFormat format,
        @Nullable Path iso,
        @Nullable Path kernel,
        @Nullable Path initrd,
        String cmdline) {}
