// SPDX-License-Identifier: Apache-2.0
package io.jlima.portforward.internal;

import io.jlima.api.guest.Attachment;
import io.jlima.api.guest.GuestAddress;
import io.jlima.api.guest.PortForwarder;
import io.jlima.api.guest.PortForwards.Entry;
import java.io.IOException;
import java.net.BindException;
import java.net.StandardProtocolFamily;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Guests whose ports are those of this host, with an agent that reports them. */
@Timeout(60)
abstract class PortsOfThisHost {
    /** Different ones in runs beside each other. */
    static final AtomicInteger NEXT =
            new AtomicInteger(10_000 + (int) (ProcessHandle.current().pid() % 50) * 200);

    @TempDir
    Path temporary;

    final PortForwardService service = new PortForwardService(null);
    final AgentForwarder agentForwarder = new AgentForwarder();
    final FakeAgent agent = new FakeAgent();
    final List<AutoCloseable> open = new ArrayList<>();
    ServerSocketChannel server;

    @BeforeEach
    void start() throws IOException {
        server = ServerSocketChannel.open(StandardProtocolFamily.INET).bind(FakeAgent.loopback(0), 4096);
        open.add(server);
        service.addPortForwarder(agentForwarder, Map.of(PortForwarder.TRANSPORT, "agent", "service.ranking", 200));
    }

    @AfterEach
    void stop() throws Exception {
        for (AutoCloseable thing : open.reversed()) {
            thing.close();
        }
        agentForwarder.stop();
    }

    /** One below those that the system gives to anybody who does not name one (ip(7), ip_local_port_range). */
    static int freePort() throws IOException {
        while (true) {
            int port = NEXT.getAndIncrement();
            try (ServerSocketChannel stream = ServerSocketChannel.open(StandardProtocolFamily.INET);
                    DatagramChannel datagram = DatagramChannel.open(StandardProtocolFamily.INET)) {
                stream.bind(FakeAgent.loopback(port));
                datagram.bind(FakeAgent.loopback(port));
                return port;
            } catch (BindException e) {
                // Somebody has it; the next one will do.
                continue;
            }
        }
    }

    FakeGuest guest(String name, String rules) {
        FakeGuest guest = new FakeGuest(name, rules, agent);
        attach(guest);
        return guest;
    }

    Attachment attach(FakeGuest guest) {
        Attachment attachment = service.attach(guest);
        open.add(attachment);
        guest.isUp();
        return attachment;
    }

    /** A guest with one listener that leads to {@link #server}. */
    FakeGuest serving(int port) throws Exception {
        FakeGuest guest = guest("a", "");
        agent.serve(port, server.getLocalAddress());
        agent.opened(GuestAddress.tcp("127.0.0.1", port));
        guest.await("forwarding", port);
        return guest;
    }

    static SocketChannel connect(int port) throws IOException {
        return SocketChannel.open(FakeAgent.loopback(port));
    }

    static void write(SocketChannel channel, String text) throws IOException {
        channel.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
    }

    static String all(SocketChannel channel) throws IOException {
        return new String(channel.socket().getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }

    Entry entry(String instance, int port) throws InterruptedException {
        return service.list(instance).stream()
                .filter(e -> e.guest().port() == port)
                .findFirst()
                .orElseThrow();
    }
}
