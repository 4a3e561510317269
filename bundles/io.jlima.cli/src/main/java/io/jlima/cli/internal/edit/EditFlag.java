// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.edit;

import io.jlima.api.command.CommandSpec.Option;
import io.jlima.api.command.Invocation;

/**
 * A flag that changes a lima.yaml.
 *
 * @param onlyNew whether it makes sense only for an instance that is being made
 * @param onlyCreation whether only {@code create} and {@code start} know it
 * @param note what is said when it is used; empty for nothing
 */
record EditFlag(Option option, boolean onlyNew, boolean onlyCreation, String note, Change change) {
    /** Does what the flag says. */
    interface Change {
        void make(Tree tree, Values values);
    }

    /** The values that were given for the flag. */
    record Values(String flag, Invocation invocation) {
        /** The last one. */
        String last() {
            return invocation.value(flag).orElse("");
        }

        Iterable<String> all() {
            return invocation.values(flag);
        }

        /** Whether a switch was switched on, not off by {@code =false}. */
        boolean on() {
            return invocation.has(flag);
        }
    }

    static EditFlag of(String name, String value, String help, Change change) {
        return new EditFlag(new Option(name, null, value, help), false, false, "", change);
    }

    static EditFlag onOff(String name, String help, Change change) {
        return new EditFlag(new Option(name, null, null, help), false, false, "", change);
    }

    EditFlag forNew() {
        return new EditFlag(option, true, true, note, change);
    }

    EditFlag forCreation() {
        return new EditFlag(option, onlyNew, true, note, change);
    }

    EditFlag noting(String words) {
        return new EditFlag(option, onlyNew, onlyCreation, words, change);
    }

    EditFlag offering(String... words) {
        return new EditFlag(option.oneOf(words), onlyNew, onlyCreation, note, change);
    }
}
