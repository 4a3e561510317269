// SPDX-License-Identifier: Apache-2.0
/** Templates as Go programs take them for their output (text/template of Go's library), as far as people use them. */
@NullMarked
package io.jlima.cli.internal.template;

import org.jspecify.annotations.NullMarked;
