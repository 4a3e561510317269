// SPDX-License-Identifier: Apache-2.0
/** Disk images: where they come from, the download cache, compression and formats. */
@NullMarked
package io.jlima.core.internal.image;

import org.jspecify.annotations.NullMarked;
