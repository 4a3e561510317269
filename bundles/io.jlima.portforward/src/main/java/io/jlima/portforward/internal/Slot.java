// SPDX-License-Identifier: Apache-2.0
package io.jlima.portforward.internal;

import io.jlima.api.guest.GuestAddress;
import io.jlima.portforward.internal.Transports.Opened;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An address of the host and what it leads to. Several listeners of the guest may come to the same address, for example
 * those on 0.0.0.0 and on :: of one port; the first has it, and the next follows when that one goes.
 */
final class Slot {
    final HostAddress host;
    final boolean reverse;

    /** Who wants it, with the rule of each, in the order of their coming. */
    final Map<GuestAddress, String> claims = new LinkedHashMap<>();

    @Nullable
    Opened open;

    /** Whom it leads to; null when it is not open. */
    @Nullable
    GuestAddress holder;

    /** Why it is not open. */
    @Nullable
    String failure;

    /** Whether {@link #failure} is that somebody else has the host's address. */
    boolean conflict;

    Slot(HostAddress host, boolean reverse) {
        this.host = host;
        this.reverse = reverse;
    }
}
