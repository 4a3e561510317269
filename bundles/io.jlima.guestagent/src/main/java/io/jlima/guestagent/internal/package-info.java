// SPDX-License-Identifier: Apache-2.0
/** The guest agent: its programs, and the host's end of the channel to it. */
@NullMarked
package io.jlima.guestagent.internal;

import org.jspecify.annotations.NullMarked;
