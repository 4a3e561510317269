// SPDX-License-Identifier: Apache-2.0
/** A door to the agent's host end for tests of real guests. */
@NullMarked
package io.jlima.guestagent.internal;

import org.jspecify.annotations.NullMarked;
