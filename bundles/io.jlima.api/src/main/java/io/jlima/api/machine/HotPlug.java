// SPDX-License-Identifier: Apache-2.0
package io.jlima.api.machine;

import io.jlima.api.LimaException;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * Optional half of a {@link Machine}: shared directories that come and go while it runs. They outlive the daemon, and a
 * restart of the guest. Thread-safe.
 */
@ConsumerType
public interface HotPlug {
    /**
     * Adds a device; the guest finds it a moment later. Nothing is left of it on failure. One of this tag that is there
     * already is replaced.
     *
     * @throws LimaException when the machine cannot have it, with its own words
     */
    void plug(Device.SharedDirectory directory) throws InterruptedException;

    /**
     * Whether the device of this tag can be taken away; not one that has a fixed place in the machine.
     *
     * @throws LimaException when the machine does not answer
     */
    boolean isPlugged(String tag) throws InterruptedException;

    /**
     * Takes a device away, and returns when it is gone.
     *
     * @throws LimaException when the guest does not give it up
     */
    void unplug(String tag) throws InterruptedException;
}
