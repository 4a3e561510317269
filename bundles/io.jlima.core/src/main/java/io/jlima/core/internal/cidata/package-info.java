// SPDX-License-Identifier: Apache-2.0
/** The configuration volume of a guest: its content, and the ISO 9660 image that carries it. */
@NullMarked
package io.jlima.core.internal.cidata;

import org.jspecify.annotations.NullMarked;
