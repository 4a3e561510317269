// SPDX-License-Identifier: Apache-2.0
/** From layers of lima.yaml to the resolved and validated model. */
@NullMarked
package io.jlima.config.internal;

import org.jspecify.annotations.NullMarked;
