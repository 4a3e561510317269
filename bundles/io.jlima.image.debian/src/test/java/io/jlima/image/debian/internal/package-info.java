// SPDX-License-Identifier: Apache-2.0
/** Tests of the image source. */
@NullMarked
package io.jlima.image.debian.internal;

import org.jspecify.annotations.NullMarked;
