// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.instance;

import io.jlima.api.machine.Device.GuestPort;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A word from a guest whose image has our set-up program: it writes to a virtio port when its sshd listens, so that
 * nobody has to ask. Other guests never say it.
 */
final class GuestSignal implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(GuestSignal.class);

    /** Name of the port; {@code guest/late.sh} writes to it. */
    private static final String NAME = "io.jlima.guest.0";

    private static final String SOCKET = "guest.sock";

    private final CompletableFuture<Void> sshIsUp = new CompletableFuture<>();
    private final SocketChannel channel;

    private GuestSignal(SocketChannel channel) {
        this.channel = channel;
    }

    static GuestPort port(InstanceFolder folder) {
        return new GuestPort(NAME, folder.file(SOCKET));
    }

    /** Begins to listen; a machine without the port gives a signal that never comes. */
    static GuestSignal listen(InstanceFolder folder) throws IOException {
        GuestSignal signal = new GuestSignal(SocketChannel.open(java.net.StandardProtocolFamily.UNIX));
        Thread.ofVirtual().name("signal-" + folder.name()).start(() -> signal.read(folder));
        return signal;
    }

    private void read(InstanceFolder folder) {
        try {
            channel.connect(UnixDomainSocketAddress.of(folder.file(SOCKET)));
            // Any byte is the signal: what a guest writes here is never interpreted.
            if (channel.read(ByteBuffer.allocate(1)) > 0) {
                sshIsUp.complete(null);
            }
        } catch (IOException e) {
            LOG.debug("No signal from the guest of {}", folder.name(), e);
        }
    }

    /** Completes when the guest says that its sshd listens. */
    CompletionStage<Void> sshIsUp() {
        return sshIsUp;
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
