// SPDX-License-Identifier: Apache-2.0
/** Changes of a text that leave everything else in it as it is. */
@NullMarked
package io.jlima.config.internal.edit;

import org.jspecify.annotations.NullMarked;
