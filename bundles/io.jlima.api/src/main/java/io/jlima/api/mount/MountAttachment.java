// SPDX-License-Identifier: Apache-2.0
package io.jlima.api.mount;

import io.jlima.api.LimaException;
import io.jlima.api.config.InstanceConfig.Mount;
import io.jlima.api.guest.Attachment;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * The mounts of one guest, of a driver that can tell how they are and change them while the guest runs. What
 * {@link MountDriver#attach} returns may be one. Thread-safe.
 */
@ConsumerType
public interface MountAttachment extends Attachment {
    /**
     * Whether a mount has gone for as long as the machine runs, and with it programs of the guest that nothing can end.
     * Such a guest does not get as far as powering off.
     */
    default boolean isBeyondRepair() {
        return false;
    }

    /** How each mount is now, in the order of the configuration, then of their coming. The guest may be asked for it. */
    List<State> states();

    /** The mounts that there are or should be, in the order of {@link #states}. Returns at once. */
    default List<Mount> mounts() {
        return states().stream().map(State::mount).toList();
    }

    /**
     * Mounts one more directory and returns when the guest sees it. Nothing is left of it on failure.
     *
     * @throws LimaException when it cannot be mounted, or not while the guest runs; with the guest's own words
     */
    void add(Mount mount) throws InterruptedException;

    /**
     * Unmounts a directory. Programs in the guest that use it go on with what they have open, until the host's end is
     * gone.
     *
     * @throws LimaException when it is not mounted by this driver, or cannot be unmounted while the guest runs
     */
    void remove(String mountPoint) throws InterruptedException;

    /**
     * A mount as it is now.
     *
     * @param transport how the files travel, for people, for example {@code direct}
     * @param server what serves them on the host, for people; empty when there is nothing to tell
     * @param trouble what is wrong with it, null when the guest sees it and can work there
     */
    record State(
            Mount mount,
            String transport,
            String server,
            @Nullable String trouble) {}
}
