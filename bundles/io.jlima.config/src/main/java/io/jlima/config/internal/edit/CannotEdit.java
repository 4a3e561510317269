// SPDX-License-Identifier: Apache-2.0
package io.jlima.config.internal.edit;

/** A text is so written that it cannot be changed in place; the caller has a coarser way. */
final class CannotEdit extends RuntimeException {
    private static final long serialVersionUID = 1L;

    CannotEdit(String why) {
        super(why);
    }
}
