// SPDX-License-Identifier: Apache-2.0
/** The disks of one instance, made from an image and kept in the instance's directory. */
@NullMarked
package io.jlima.core.internal.disk;

import org.jspecify.annotations.NullMarked;
