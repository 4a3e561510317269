// SPDX-License-Identifier: Apache-2.0
package io.jlima.portforward.internal;

/** What the rules say about a listener of the guest. */
sealed interface Decision {
    /** The rule that decided, for people. */
    String rule();

    /** It is to be reached at this address of the host. */
    record Forwarded(String rule, HostAddress host) implements Decision {}

    /**
     * It is left alone.
     *
     * @param silent whether nobody wants to hear of it
     */
    record Refused(String rule, String reason, boolean silent) implements Decision {}
}
