// SPDX-License-Identifier: Apache-2.0
@NullMarked
package io.jlima.mount.virtiofs.internal;

import org.jspecify.annotations.NullMarked;
