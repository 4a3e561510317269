// SPDX-License-Identifier: Apache-2.0
/** The network driver slirp. */
@NullMarked
package io.jlima.network.slirp.internal;

import org.jspecify.annotations.NullMarked;
