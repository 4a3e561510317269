// SPDX-License-Identifier: Apache-2.0
/** The mount driver 9p. */
@NullMarked
package io.jlima.mount.plan9.internal;

import org.jspecify.annotations.NullMarked;
