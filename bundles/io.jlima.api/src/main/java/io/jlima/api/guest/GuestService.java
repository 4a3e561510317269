// SPDX-License-Identifier: Apache-2.0
package io.jlima.api.guest;

import io.jlima.api.LimaException;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * Something that works for every guest as long as its machine runs: name resolution, port forwards, the agent's clock.
 * A stateless service; what belongs to one guest lives in its {@link Attachment}. It may come and go while guests run:
 * one that comes is attached to all of them, one that goes has its attachments closed first.
 *
 * <p>Methods are called from any thread. One that throws fails its own part of its one guest and nothing else.
 */
@ConsumerType
public interface GuestService {
    /** One or two words for messages and for {@code limactl info}, for example {@code port forwards}. */
    String title();

    /**
     * Says what the machine and the guest need for it. Called while a start is planned; nothing may be started yet.
     *
     * @throws LimaException when the configuration asks for what cannot be done; the start is refused
     */
    default GuestSetup setup(SetupRequest request) {
        return GuestSetup.NOTHING;
    }

    /**
     * Begins its work for a guest whose machine runs: one that has just been launched and boots, or one that was
     * adopted. Returns at once; what takes time goes on in threads of its own, which end with the attachment. What
     * needs the guest waits for {@link Guest#up()}.
     */
    Attachment attach(Guest guest);
}
