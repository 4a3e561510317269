// SPDX-License-Identifier: Apache-2.0
package io.jlima.config.internal.yaml;

import java.util.List;

/**
 * Comments that belong to a value, so that they go where it goes.
 *
 * @param before lines above it or its key, without their number signs; null-free, an empty line is {@link #BLANK}
 * @param beside what stands behind it in its line, likewise
 */
record Remark(List<String> before, List<String> beside) {
    /** No comment can be this text, as it has a line end in it. */
    static final String BLANK = "\n";

    static final Remark NONE = new Remark(List.of(), List.of());
}
