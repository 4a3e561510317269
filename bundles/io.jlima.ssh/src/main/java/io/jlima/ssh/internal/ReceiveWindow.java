// SPDX-License-Identifier: Apache-2.0
package io.jlima.ssh.internal;

import java.io.IOException;
import org.apache.sshd.common.channel.Channel;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** How much a guest may still send on a channel, RFC 4254 section 5.2. */
final class ReceiveWindow {
    private static final Logger LOG = LoggerFactory.getLogger(ReceiveWindow.class);

    private ReceiveWindow() {}

    /** Lets the guest send so many bytes more, unless the channel is at its end. */
    static void widen(Channel channel, int bytes) {
        if (channel.isClosing()) {
            return;
        }
        try {
            channel.getLocalWindow().release(bytes);
        } catch (IOException e) {
            // The connection has just broken, and that is told to everybody in its own way.
            LOG.debug("{}: window not opened", channel, e);
        }
    }
}
