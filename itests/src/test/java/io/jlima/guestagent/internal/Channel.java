// SPDX-License-Identifier: Apache-2.0
package io.jlima.guestagent.internal;

import io.jlima.api.guest.AgentSession;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.function.Consumer;

/** Sessions with the agent of a real guest, while no daemon has one. */
public final class Channel {
    private Channel() {}

    /** Begins to look for the agent behind this {@code ga.sock}. */
    public static AgentSession connect(Path socket, Consumer<String> log) {
        return new GuestSession(
                "test",
                () -> {
                    SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
                    channel.connect(UnixDomainSocketAddress.of(socket));
                    return channel;
                },
                log);
    }
}
