// SPDX-License-Identifier: Apache-2.0
package io.jlima.portforward.internal;

import io.jlima.api.guest.PortForwarder.Forward;
import java.util.OptionalLong;
import java.util.concurrent.atomic.LongAdder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A socket of the guest that leads to the host. */
record Reverse(AutoCloseable listening, LongAdder carried) implements Forward {
    private static final Logger LOG = LoggerFactory.getLogger(Reverse.class);

    @Override
    public OptionalLong bytes() {
        return OptionalLong.of(carried.sum());
    }

    @Override
    public void close() {
        try {
            listening.close();
        } catch (Exception e) {
            LOG.debug("a socket of the guest does not close", e);
        }
    }
}
