// SPDX-License-Identifier: Apache-2.0
package io.jlima.guestagent.internal;

import io.jlima.api.guest.GuestAddress;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** The real agent and a session that has met it, with a server of this machine for its streams. */
abstract class MetAgent {
    static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();

    @TempDir
    Path folder;

    RealAgent agent;
    GuestSession session;
    ServerSocket server;

    @BeforeEach
    void begin() throws Exception {
        agent = RealAgent.serving(folder);
        session = new GuestSession("test", RealAgent.connector(RealAgent.socket(folder)), line -> {});
        session.met().toCompletableFuture().get(30, TimeUnit.SECONDS);
        server = new ServerSocket(0, 50, LOOPBACK);
    }

    @AfterEach
    void end() throws Exception {
        server.close();
        session.close();
        agent.close();
    }

    GuestAddress target() {
        return GuestAddress.tcp("127.0.0.1", server.getLocalPort());
    }
}
