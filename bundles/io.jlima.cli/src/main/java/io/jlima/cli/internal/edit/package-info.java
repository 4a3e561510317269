// SPDX-License-Identifier: Apache-2.0
/** Changing what is in a lima.yaml, and templates as texts. */
@NullMarked
package io.jlima.cli.internal.edit;

import org.jspecify.annotations.NullMarked;
