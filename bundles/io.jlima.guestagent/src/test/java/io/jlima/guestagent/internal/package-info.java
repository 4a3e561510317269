// SPDX-License-Identifier: Apache-2.0
@NullMarked
package io.jlima.guestagent.internal;

import org.jspecify.annotations.NullMarked;
