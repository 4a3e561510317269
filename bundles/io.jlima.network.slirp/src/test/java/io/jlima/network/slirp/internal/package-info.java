// SPDX-License-Identifier: Apache-2.0
@NullMarked
package io.jlima.network.slirp.internal;

import org.jspecify.annotations.NullMarked;
