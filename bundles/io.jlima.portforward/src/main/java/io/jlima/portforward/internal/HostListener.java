// SPDX-License-Identifier: Apache-2.0
package io.jlima.portforward.internal;

import io.jlima.api.guest.GuestAddress.Protocol;
import io.jlima.api.guest.GuestStream;
import io.jlima.api.guest.PortForwarder.Forward;
import java.io.IOException;
import java.net.BindException;
import java.net.Inet4Address;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.OptionalLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A TCP port or unix socket of the host whose connections are carried into the guest by this process. */
final class HostListener implements Forward {
    private static final Logger LOG = LoggerFactory.getLogger(HostListener.class);

    /** Connections that the system keeps until we take them; it cuts this to net.core.somaxconn, listen(2). */
    private static final int BACKLOG = 4096;

    /** After an accept that failed for want of descriptors, so as not to spin. */
    private static final long PAUSE_NANOS = 50_000_000;

    /** Far longer than it takes. */
    private static final Duration END = Duration.ofSeconds(10);

    private final HostAddress address;
    private final ServerSocketChannel server;
    private final Dial dial;
    private final Relays relays;
    private final Relays own = new Relays();
    private final LongAdder bytes = new LongAdder();
    private final Thread acceptor;
    private volatile @Nullable String ended;

    private HostListener(HostAddress address, ServerSocketChannel server, Dial dial, Relays relays) {
        this.address = address;
        this.server = server;
        this.dial = dial;
        this.relays = relays;
        this.acceptor = Thread.ofVirtual().name("forward at " + address).unstarted(this::accept);
    }

    /**
     * Listens when it returns.
     *
     * @param relays of the transport
     * @throws BindException when the address is taken or not allowed
     */
    static HostListener open(HostAddress address, Dial dial, Relays relays) throws IOException {
        HostListener listener = new HostListener(address, bind(address), dial, relays);
        listener.acceptor.start();
        return listener;
    }

    /**
     * Binds a stream socket of the host.
     *
     * @throws BindException when the address is taken or not allowed
     */
    static ServerSocketChannel bind(HostAddress address) throws IOException {
        if (address.protocol() == Protocol.UNIX) {
            return bindSocket(Path.of(address.host()));
        }
        // By family, because Java takes IPv4's wildcard for IPv6's otherwise.
        ServerSocketChannel server = ServerSocketChannel.open(
                address.inet() instanceof Inet4Address ? StandardProtocolFamily.INET : StandardProtocolFamily.INET6);
        try {
            server.setOption(StandardSocketOptions.SO_REUSEADDR, true);
            server.bind(new InetSocketAddress(address.inet(), address.port()), BACKLOG);
            return server;
        } catch (IOException e) {
            server.close();
            throw e;
        }
    }

    private static ServerSocketChannel bindSocket(Path path) throws IOException {
        Path directory = path.toAbsolutePath().getParent();
        if (directory != null && !Files.isDirectory(directory)) {
            Files.createDirectories(
                    directory, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwxr-x---")));
        }
        UnixDomainSocketAddress address = UnixDomainSocketAddress.of(path);
        if (Files.exists(path, java.nio.file.LinkOption.NOFOLLOW_LINKS)) {
            if (answers(address)) {
                throw new BindException("Address already in use");
            }
            if (Files.isRegularFile(path) || Files.isDirectory(path)) {
                throw new BindException(path + " is there and is no socket");
            }
            Files.delete(path);
        }
        ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        try {
            server.bind(address, BACKLOG);
            return server;
        } catch (IOException e) {
            server.close();
            throw e;
        }
    }

    /**
     * Waits for a thread whose channel was closed: the system has the port until that thread has noticed, and nobody is
     * to be told that it is free before.
     */
    static void awaitEnd(Thread waiting) {
        try {
            if (!waiting.join(END)) {
                LOG.warn("{} goes on after its port was closed", waiting.getName());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static boolean answers(UnixDomainSocketAddress address) {
        try (SocketChannel probe = SocketChannel.open(address)) {
            return probe.isConnected();
        } catch (IOException e) {
            return false;
        }
    }

    private void accept() {
        while (server.isOpen()) {
            try {
                SocketChannel client = server.accept();
                Thread.ofVirtual().name("forward to guest").start(() -> serve(client));
            } catch (ClosedChannelException e) {
                return;
            } catch (IOException e) {
                if (!server.isOpen()) {
                    return;
                }
                LOG.warn("{} does not accept: {}", address, e.toString());
                LockSupport.parkNanos(PAUSE_NANOS);
            }
        }
    }

    private void serve(SocketChannel client) {
        GuestStream guest;
        try {
            if (address.protocol() == Protocol.TCP) {
                client.setOption(StandardSocketOptions.TCP_NODELAY, true);
            }
            guest = dial.open();
        } catch (IOException | InterruptedException | RuntimeException e) {
            LOG.debug("{}: the guest does not answer", address, e);
            refuse(client);
            return;
        }
        Relay relay = new Relay(client, guest, bytes);
        own.add(relay);
        try {
            relay.run(relays);
        } finally {
            own.remove(relay);
        }
    }

    /** As near as can be to a port that nobody listens at. */
    private void refuse(SocketChannel client) {
        try (client) {
            if (address.protocol() == Protocol.TCP) {
                client.setOption(StandardSocketOptions.SO_LINGER, 0);
            }
        } catch (IOException e) {
            LOG.debug("closing a connection", e);
        }
    }

    @Override
    public OptionalLong bytes() {
        return OptionalLong.of(bytes.sum());
    }

    @Override
    public @Nullable String ended() {
        return ended;
    }

    @Override
    public void close() {
        ended = "closed";
        try {
            if (address.protocol() == Protocol.UNIX) {
                // First: once this one is closed, somebody else may have put a socket of his own there.
                Files.deleteIfExists(Path.of(address.host()));
            }
            server.close();
            awaitEnd(acceptor);
        } catch (IOException e) {
            LOG.warn("{} does not close: {}", address, e.toString());
        }
    }

    @Override
    public void release() {
        close();
        own.close();
    }
}
