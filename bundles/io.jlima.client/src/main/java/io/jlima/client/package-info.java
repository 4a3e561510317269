// SPDX-License-Identifier: Apache-2.0
/** The program behind bin/limactl. */
@NullMarked
package io.jlima.client;

import org.jspecify.annotations.NullMarked;
