// SPDX-License-Identifier: Apache-2.0
/** Builds guest images from Debian packages. */
@NullMarked
package io.jlima.image.debian.internal;

import org.jspecify.annotations.NullMarked;
