// SPDX-License-Identifier: Apache-2.0
@NullMarked
package io.jlima.dns.internal;

import org.jspecify.annotations.NullMarked;
