// SPDX-License-Identifier: Apache-2.0
package io.jlima.testing;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;

/**
 * A loopback port that nobody else gets: it is bound, so that the kernel gives it to no one, and not listened at, so that
 * connections to it are refused. Only who asks for it by number and with SO_REUSEADDR, as servers do, listens at it.
 */
public final class ReservedPort implements AutoCloseable {
    private final Socket socket = new Socket();

    public ReservedPort() throws IOException {
        socket.setReuseAddress(true);
        socket.bind(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0));
    }

    public int number() {
        return socket.getLocalPort();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
