// SPDX-License-Identifier: Apache-2.0
/** YAML 1.2 text as a tree in which every value knows where it was written. */
@NullMarked
package io.jlima.config.internal.yaml;

import org.jspecify.annotations.NullMarked;
