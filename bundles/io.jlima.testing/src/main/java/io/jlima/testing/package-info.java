// SPDX-License-Identifier: Apache-2.0
/** What tests of several rooms need; the product has nothing of it. */
@NullMarked
package io.jlima.testing;

import org.jspecify.annotations.NullMarked;
