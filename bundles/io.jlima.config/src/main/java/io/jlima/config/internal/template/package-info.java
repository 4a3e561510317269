// SPDX-License-Identifier: Apache-2.0
/** Templates: where they lie, how bases are merged into them, how their variables are evaluated. */
@NullMarked
package io.jlima.config.internal.template;

import org.jspecify.annotations.NullMarked;
