// SPDX-License-Identifier: Apache-2.0
/** The daemon's main program: one framework per LIMA_HOME, its log, its plug-in folder. */
@NullMarked
package io.jlima.launcher;

import org.jspecify.annotations.NullMarked;
