// SPDX-License-Identifier: Apache-2.0
package io.jlima.dns.internal;

import io.jlima.api.guest.GuestStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.DatagramChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Takes questions on ports of the host's loopback, and from streams of the guest's agent. */
final class DnsServer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(DnsServer.class);

    /** Questions that are worked on at a time; datagrams beyond are lost, as on a busy network. */
    private static final int MOST_AT_ONCE = 2048;

    /** Connections at a time. */
    private static final int MOST_CONNECTIONS = 128;

    private static final int LONGEST = 65_535;

    /** After an accept that failed for want of descriptors, so as not to spin. */
    private static final long PAUSE_NANOS = 50_000_000;

    /** Far longer than it takes. */
    private static final Duration END = Duration.ofSeconds(10);

    private final Resolver resolver;
    private final DatagramChannel datagrams;
    private final ServerSocketChannel streams;
    private final Semaphore room = new Semaphore(MOST_AT_ONCE);
    private final Semaphore connections = new Semaphore(MOST_CONNECTIONS);

    /** The system has the ports until these have noticed that their channels were closed. */
    private List<Thread> waiting = List.of();

    /**
     * Listens when it returns.
     *
     * @param udp where datagrams are taken
     * @param tcp where connections are taken
     */
    DnsServer(Resolver resolver, InetSocketAddress udp, InetSocketAddress tcp) throws IOException {
        this.resolver = resolver;
        datagrams = DatagramChannel.open(StandardProtocolFamily.INET);
        streams = ServerSocketChannel.open(StandardProtocolFamily.INET);
        try {
            datagrams.bind(udp);
            streams.bind(tcp);
        } catch (IOException e) {
            close();
            throw e;
        }
        waiting = List.of(
                Thread.ofVirtual().name("dns udp").start(this::receive),
                Thread.ofVirtual().name("dns tcp").start(this::accept));
    }

    int udpPort() throws IOException {
        return ((InetSocketAddress) datagrams.getLocalAddress()).getPort();
    }

    int tcpPort() throws IOException {
        return ((InetSocketAddress) streams.getLocalAddress()).getPort();
    }

    private void receive() {
        ByteBuffer buffer = ByteBuffer.allocate(LONGEST);
        while (datagrams.isOpen()) {
            try {
                SocketAddress from = datagrams.receive(buffer.clear());
                byte[] question = new byte[buffer.flip().remaining()];
                buffer.get(question);
                if (room.tryAcquire()) {
                    Thread.ofVirtual().name("dns question").start(() -> answer(question, from));
                }
            } catch (ClosedChannelException e) {
                return;
            } catch (IOException e) {
                LOG.debug("receiving", e);
            }
        }
    }

    private void answer(byte[] question, SocketAddress from) {
        try {
            byte[] reply = resolver.answer(question, true);
            if (reply != null) {
                datagrams.send(ByteBuffer.wrap(reply), from);
            }
        } catch (IOException | RuntimeException e) {
            LOG.debug("a question of {} stays without an answer", from, e);
        } finally {
            room.release();
        }
    }

    private void accept() {
        while (streams.isOpen()) {
            try {
                SocketChannel client = streams.accept();
                Thread.ofVirtual().name("dns connection").start(() -> serve(client));
            } catch (ClosedChannelException e) {
                return;
            } catch (IOException e) {
                LOG.debug("accepting", e);
                LockSupport.parkNanos(PAUSE_NANOS);
            }
        }
    }

    /** Questions and connections that are worked on now. */
    int working() {
        return MOST_AT_ONCE - room.availablePermits() + MOST_CONNECTIONS - connections.availablePermits();
    }

    private void serve(SocketChannel client) {
        try (client) {
            serve(Channels.newInputStream(client), Channels.newOutputStream(client));
        } catch (IOException e) {
            LOG.debug("a connection has ended", e);
        }
    }

    /** Serves a connection that was made in the guest. */
    void serveConnection(GuestStream stream) {
        try (stream) {
            serve(stream.in(), stream.out());
            stream.finish();
        } catch (IOException e) {
            LOG.debug("a connection has ended", e);
        }
    }

    /** Serves a program of the guest that sends datagrams, one for each read. */
    void serveDatagrams(GuestStream stream) {
        byte[] buffer = new byte[4096];
        try (stream) {
            int got;
            while ((got = stream.in().read(buffer)) >= 0) {
                byte[] question = java.util.Arrays.copyOf(buffer, got);
                if (!room.tryAcquire()) {
                    continue;
                }
                Thread.ofVirtual().name("dns question").start(() -> {
                    try {
                        byte[] reply = resolver.answer(question, true);
                        if (reply != null) {
                            synchronized (stream) {
                                stream.out().write(reply);
                                stream.out().flush();
                            }
                        }
                    } catch (IOException | RuntimeException e) {
                        LOG.debug("a question stays without an answer", e);
                    } finally {
                        room.release();
                    }
                });
            }
        } catch (IOException e) {
            LOG.debug("a program of the guest has ended", e);
        }
    }

    /** Each message after its length, RFC 1035 section 4.2.2. */
    private void serve(InputStream from, OutputStream to) throws IOException {
        if (!connections.tryAcquire()) {
            return;
        }
        try {
            DataInputStream in = new DataInputStream(from);
            DataOutputStream out = new DataOutputStream(new java.io.BufferedOutputStream(to));
            while (true) {
                byte[] question = new byte[in.readUnsignedShort()];
                in.readFully(question);
                byte[] reply = resolver.answer(question, false);
                if (reply == null) {
                    return;
                }
                out.writeShort(reply.length);
                out.write(reply);
                out.flush();
            }
        } catch (EOFException e) {
            // The client has asked all it wanted.
        } finally {
            connections.release();
        }
    }

    @Override
    public void close() {
        try {
            datagrams.close();
            streams.close();
            for (Thread thread : waiting) {
                thread.join(END);
            }
        } catch (IOException e) {
            LOG.debug("closing", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
