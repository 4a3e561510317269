// SPDX-License-Identifier: Apache-2.0
/** The socket that limactl talks to, and everything between a frame and a command. */
@NullMarked
package io.jlima.cli.internal;

import org.jspecify.annotations.NullMarked;
