// SPDX-License-Identifier: Apache-2.0
/** The mount driver virtiofs. */
@NullMarked
package io.jlima.mount.virtiofs.internal;

import org.jspecify.annotations.NullMarked;
