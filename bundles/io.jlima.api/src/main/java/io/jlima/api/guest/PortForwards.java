// SPDX-License-Identifier: Apache-2.0
package io.jlima.api.guest;

import io.jlima.api.LimaException;
import java.util.List;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import org.osgi.annotation.versioning.ProviderType;

/** What has become of the ports and sockets of running guests. Thread-safe. */
@ProviderType
public interface PortForwards {
    /**
     * All that listens in the guest and all that rules name, with what was done about it.
     *
     * @throws LimaException when the instance does not run
     */
    List<Entry> list(String instance) throws InterruptedException;

    /**
     * Why nothing is known of what listens in the guest, for people; null when it is known.
     *
     * @throws LimaException when the instance does not run
     */
    @Nullable
    String blindness(String instance) throws InterruptedException;

    /** What was done about a listener. */
    enum State {
        FORWARDED,
        REFUSED,
        FAILED
    }

    /**
     * @param guest the guest's side
     * @param rule which rule decided, for example {@code portForwards[2]} or {@code default}
     * @param host the host's side as people write it; null when the rules give it none
     * @param reverse whether the guest's side listens and leads to the host's
     * @param transport word of the transport; null when there is no forward
     * @param bytes carried so far, empty when nobody counts them
     * @param reason why it is not forwarded; null when it is
     */
    record Entry(
            GuestAddress guest,
            String rule,
            State state,
            @Nullable String host,
            boolean reverse,
            @Nullable String transport,
            OptionalLong bytes,
            @Nullable String reason) {}
}
