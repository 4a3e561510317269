// SPDX-License-Identifier: Apache-2.0
package io.jlima.api.guest;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What the agent does to a file of a mount, so that the guest's kernel tells watchers of it.
 *
 * @param objection why nothing can be done, for people; empty when something can
 * @param sign a time of modification by which the mount's server knows that nothing is to be changed; null when there is
 *     none, and the file's own time is set once more
 */
public record FileReplay(String objection, @Nullable Instant sign) {
    /** By setting the file's time to what it is. */
    public static final FileReplay BY_TIME = new FileReplay("", null);

    /** By a time that the server takes as a sign. */
    public static FileReplay bySign(Instant sign) {
        return new FileReplay("", sign);
    }

    /** Watchers in the guest see nothing. */
    public static FileReplay impossible(String objection) {
        return new FileReplay(objection, null);
    }

    /** Whether there is a way. */
    public boolean isPossible() {
        return objection.isEmpty();
    }
}
