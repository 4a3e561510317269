// SPDX-License-Identifier: Apache-2.0
package io.jlima.portforward.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jlima.api.guest.GuestAddress.Protocol;
import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class QemuForwarderTest {
    private static final int LOOKS = 2000;

    @Test
    void anAddressThatSomebodyListensAtIsTaken() throws IOException {
        try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            assertThatThrownBy(() -> QemuForwarder.requireFree(tcp(server.getLocalPort())))
                    .isInstanceOf(BindException.class);
        }
    }

    @Test
    void nobodyIsHeardWhileItLooks() throws Exception {
        // Holds the port, without listening, so that nobody else gets it.
        try (Socket holder = new Socket()) {
            holder.setReuseAddress(true);
            holder.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            int port = holder.getLocalPort();
            CompletableFuture<Void> looks = CompletableFuture.runAsync(
                    () -> {
                        try {
                            for (int i = 0; i < LOOKS; i++) {
                                QemuForwarder.requireFree(tcp(port));
                            }
                        } catch (IOException e) {
                            throw new java.io.UncheckedIOException(e);
                        }
                    },
                    Thread::startVirtualThread);
            int refused = 0;
            while (!looks.isDone() || refused == 0) {
                assertThatThrownBy(() -> new Socket(InetAddress.getLoopbackAddress(), port).close())
                        .isInstanceOf(ConnectException.class);
                refused++;
            }
            looks.join();
            assertThat(refused).isPositive();
        }
    }

    private static HostAddress tcp(int port) {
        return new HostAddress(Protocol.TCP, "127.0.0.1", port);
    }
}
