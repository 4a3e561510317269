// SPDX-License-Identifier: Apache-2.0
/** Instances: their folders, their life, and what is known of them. */
@NullMarked
package io.jlima.core.internal.instance;

import org.jspecify.annotations.NullMarked;
