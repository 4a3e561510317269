// SPDX-License-Identifier: Apache-2.0
@NullMarked
package io.jlima.fileevents.internal;

import org.jspecify.annotations.NullMarked;
