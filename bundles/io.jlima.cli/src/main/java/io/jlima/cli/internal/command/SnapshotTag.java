// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.command;

import io.jlima.api.LimaException;
import io.jlima.api.command.Invocation;
import java.util.regex.Pattern;

/** Tags of snapshots. */
final class SnapshotTag {
    /** A word that every hypervisor's own command line takes as one. */
    private static final Pattern WORD = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,126}");

    private SnapshotTag() {}

    /** The tag that the caller gave; it must be there, and be one that can be told back. */
    static String of(Invocation invocation) {
        String tag = invocation.value("tag").orElse("");
        if (tag.isEmpty()) {
            throw new LimaException("expected tag", "Give one with --tag TAG");
        }
        if (!WORD.matcher(tag).matches()) {
            throw new LimaException(
                    "snapshot tag `" + tag + "` is not valid", "Use letters, digits, dots, dashes and underscores");
        }
        return tag;
    }
}
