// SPDX-License-Identifier: Apache-2.0
/** The commands, one class each. */
@NullMarked
package io.jlima.cli.internal.command;

import org.jspecify.annotations.NullMarked;
