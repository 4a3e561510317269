// SPDX-License-Identifier: Apache-2.0
package io.jlima.portforward.internal;

import io.jlima.api.guest.GuestAddress;

/**
 * A forward that a rule asks for whatever listens in the guest: a static one, or one of a guest's unix socket.
 *
 * @param isStatic whether it has to do without the agent
 */
record FixedForward(String rule, HostAddress host, GuestAddress guest, boolean reverse, boolean isStatic) {}
