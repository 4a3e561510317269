// SPDX-License-Identifier: Apache-2.0
package io.jlima.portforward.internal;

import io.jlima.api.guest.GuestAddress;
import io.jlima.api.guest.GuestAddress.Protocol;
import io.jlima.api.guest.GuestStream;
import io.jlima.testing.BareAgent;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.channels.Channel;
import java.nio.channels.Channels;
import java.nio.channels.DatagramChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;

/** An agent whose guest is this host: ports of the guest are ports of this host with other numbers. */
final class FakeAgent extends BareAgent {
    private final Map<Integer, SocketAddress> ports = new ConcurrentHashMap<>();
    volatile boolean connected = true;

    /** Lets a port of the guest be this address of the host. */
    void serve(int guestPort, SocketAddress address) {
        ports.put(guestPort, address);
    }

    void opened(GuestAddress address) {
        listeners.forEach(l -> l.opened(address));
    }

    void closed(GuestAddress address) {
        listeners.forEach(l -> l.closed(address));
    }

    void connected(GuestAddress... listening) {
        listeners.forEach(l -> l.connected(List.of(listening)));
    }

    @Override
    public CompletionStage<Void> met() {
        return CompletableFuture.completedFuture(null);
    }

    @Override
    public boolean isConnected() {
        return connected;
    }

    @Override
    public GuestStream open(GuestAddress target) throws IOException {
        if (target.protocol() == Protocol.UNIX) {
            return new Stream(SocketChannel.open(UnixDomainSocketAddress.of(target.host())));
        }
        SocketAddress address = ports.get(target.port());
        if (address == null) {
            throw new IOException("connection refused");
        }
        return target.protocol() == Protocol.UDP
                ? new Datagrams(
                        DatagramChannel.open(StandardProtocolFamily.INET).connect(address))
                : new Stream(SocketChannel.open(address));
    }

    @Override
    public AutoCloseable listen(GuestAddress address, Acceptor acceptor) throws IOException {
        ServerSocketChannel server =
                ServerSocketChannel.open(StandardProtocolFamily.UNIX).bind(UnixDomainSocketAddress.of(address.host()));
        Thread.ofVirtual().start(() -> {
            try {
                while (true) {
                    SocketChannel channel = server.accept();
                    Thread.ofVirtual().start(() -> {
                        try {
                            acceptor.accept(new Stream(channel));
                        } catch (IOException e) {
                            throw new java.io.UncheckedIOException(e);
                        }
                    });
                }
            } catch (IOException e) {
                // Closed.
            }
        });
        return server;
    }

    /** A socket as a stream of the guest; a read error is a break. */
    private record Stream(SocketChannel channel) implements GuestStream {
        @Override
        public InputStream in() {
            return Channels.newInputStream(channel);
        }

        @Override
        public OutputStream out() {
            return Channels.newOutputStream(channel);
        }

        @Override
        public void finish() throws IOException {
            channel.shutdownOutput();
        }

        @Override
        public void close() {
            closed(channel);
        }
    }

    private record Datagrams(DatagramChannel channel) implements GuestStream {
        @Override
        public InputStream in() {
            return new InputStream() {
                @Override
                public int read() {
                    throw new UnsupportedOperationException();
                }

                @Override
                public int read(byte[] target, int offset, int length) throws IOException {
                    return channel.read(ByteBuffer.wrap(target, offset, length));
                }
            };
        }

        @Override
        public OutputStream out() {
            return new OutputStream() {
                @Override
                public void write(int b) {
                    throw new UnsupportedOperationException();
                }

                @Override
                public void write(byte[] data, int offset, int length) throws IOException {
                    ((ByteChannel) channel).write(ByteBuffer.wrap(data, offset, length));
                }
            };
        }

        @Override
        public void finish() {}

        @Override
        public void close() {
            closed(channel);
        }
    }

    private static void closed(Channel channel) {
        try {
            channel.close();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    /** Breaks a connection off, so that its peer sees a reset. */
    static void reset(SocketChannel channel) throws IOException {
        channel.setOption(StandardSocketOptions.SO_LINGER, 0);
        channel.close();
    }

    static InetSocketAddress loopback(int port) {
        return new InetSocketAddress(java.net.InetAddress.ofLiteral("127.0.0.1"), port);
    }
}
