// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.command;

import io.jlima.api.LimaException;
import java.util.ArrayList;
import java.util.List;

/**
 * Something done to several things of which each is tried, whatever becomes of the others.
 *
 * @param done what is done to them, as a participle, for the message
 */
record Several(String done) {
    /** Done to one of them. */
    interface Deed<E extends Exception> {
        void to(String name) throws E;
    }

    /** @return 0; what failed is thrown as one error when all have been tried */
    <E extends Exception> int each(List<String> names, Deed<E> deed) throws E {
        List<String> failures = new ArrayList<>();
        for (String name : names) {
            try {
                deed.to(name);
            } catch (LimaException e) {
                if (names.size() == 1) {
                    throw e;
                }
                failures.add(name + ": " + e.getMessage());
            }
        }
        if (!failures.isEmpty()) {
            throw new LimaException(
                    failures.size() + " of " + names.size() + " not " + done, String.join("\n", failures), null, null);
        }
        return 0;
    }
}
