// SPDX-License-Identifier: Apache-2.0
package io.jlima.guestagent.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.jlima.api.guest.GuestAddress;

/** Keeps what a guest says, within the bounds that sessions have, and does nothing with it. */
final class Listener implements Link.Told {
    private final GuestState state = new GuestState("test");

    @Override
    public void port(GuestAddress address, boolean present) throws ProtocolException {
        state.port(address, present);
    }

    @Override
    public void synced() {
        state.synced();
    }

    @Override
    public void stage(String word) throws ProtocolException {
        state.stage(word);
    }

    @Override
    public void clocked(long driftNanos, boolean set, int error) {}

    @Override
    public void remark(String words) {
        assertThat(words).hasSizeLessThanOrEqualTo(300);
    }
}
