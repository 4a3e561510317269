// SPDX-License-Identifier: Apache-2.0
/** Expressions of yq on a library for those of jq. */
@NullMarked
package io.jlima.expression.internal;

import org.jspecify.annotations.NullMarked;
