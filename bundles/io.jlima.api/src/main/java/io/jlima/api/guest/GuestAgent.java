// SPDX-License-Identifier: Apache-2.0
package io.jlima.api.guest;

import org.osgi.annotation.versioning.ConsumerType;

/**
 * A kind of agent: the program inside guests and the host's end of the channel to it. A stateless service; the one with
 * the highest {@code service.ranking} is used.
 */
@ConsumerType
public interface GuestAgent {
    /** What machine and guest need for it; {@link GuestSetup#NOTHING} where it cannot be (plain mode, other arch). */
    GuestSetup setup(SetupRequest request);

    /**
     * Begins to look for the agent of a guest whose machine runs, and returns at once. The guest may still be booting.
     * While the session connects, {@link Guest#agent()} of this guest is empty.
     */
    AgentSession connect(Guest guest);
}
