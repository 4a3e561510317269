// SPDX-License-Identifier: Apache-2.0
/** Tests of the built distribution. */
@NullMarked
package io.jlima.itests;

import org.jspecify.annotations.NullMarked;
