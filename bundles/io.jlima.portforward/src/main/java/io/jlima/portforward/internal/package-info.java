// SPDX-License-Identifier: Apache-2.0
@NullMarked
package io.jlima.portforward.internal;

import org.jspecify.annotations.NullMarked;
