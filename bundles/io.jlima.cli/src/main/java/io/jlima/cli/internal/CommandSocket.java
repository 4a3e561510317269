// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal;

import io.jlima.api.instance.Instance.Status;
import io.jlima.api.instance.Instances;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The unix socket {@code _daemon/sock} that limactl talks to: one virtual thread per client. Ends the daemon when it
 * has had nothing to do for a while, and when a client of another version asks.
 */
@Component(service = CommandSocket.class, immediate = true)
public final class CommandSocket {
    private static final Logger LOG = LoggerFactory.getLogger(CommandSocket.class);

    /** A start costs a third of a second; half an hour keeps a working day's calls quick. */
    private static final Duration IDLE = Duration.ofMinutes(30);

    /** How long commands of an older client may go on when a client of another version wants its own daemon. */
    private static final Duration HANDOVER = Duration.ofSeconds(10);

    private static final long ACCEPT_PAUSE = 100_000_000L;

    private final CommandSet commands;
    private final Instances instances;
    private final DaemonControl control;
    private final Path socket;
    private final ServerSocketChannel server;
    private final Set<ClientConnection> connections = ConcurrentHashMap.newKeySet();
    private final ReentrantLock idleLock = new ReentrantLock();
    private final ScheduledExecutorService idleClock;
    private @Nullable ScheduledFuture<?> idleExit;

    @Activate
    public CommandSocket(
            @Reference CommandSet commands,
            @Reference Instances instances,
            @Reference DaemonControl control,
            @Reference(target = "(jlima.launcher=ready)") Runnable ready)
            throws IOException {
        this.commands = commands;
        this.instances = instances;
        this.control = control;
        Path folder = instances.home().resolve("_daemon");
        socket = folder.resolve("sock");
        try {
            Files.createDirectories(folder);
            Files.deleteIfExists(socket);
            server = listen(socket);
        } catch (IOException e) {
            // Without its trace: clients are shown the last lines of the log, and this is the one that counts.
            throw new IOException("Cannot listen on " + socket + ": " + e);
        }
        idleClock = Executors.newSingleThreadScheduledExecutor(
                Thread.ofPlatform().daemon().name("idle").factory());
        Thread.ofVirtual().name("accept").start(this::accept);
        waitForWork();
        ready.run();
    }

    private static ServerSocketChannel listen(Path socket) throws IOException {
        ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        try {
            server.bind(UnixDomainSocketAddress.of(socket), 64);
            // The directory is 0700 already, so nobody else could connect in the moment before this.
            Files.setPosixFilePermissions(socket, PosixFilePermissions.fromString("rw-------"));
            return server;
        } catch (IOException e) {
            server.close();
            throw e;
        }
    }

    @Deactivate
    void close() throws IOException {
        idleLock.lock();
        try {
            idleClock.shutdownNow();
        } finally {
            idleLock.unlock();
        }
        server.close();
        Files.deleteIfExists(socket);
        connections.forEach(ClientConnection::close);
    }

    private void accept() {
        while (server.isOpen()) {
            try {
                SocketChannel client = server.accept();
                ClientConnection connection = new ClientConnection(client, commands, control, this::otherVersion);
                connections.add(connection);
                Thread.ofVirtual().name("client").start(() -> serve(connection));
            } catch (ClosedChannelException e) {
                return;
            } catch (IOException e) {
                // Out of descriptors, most likely; trying again at once would not help.
                LOG.error("Cannot accept a client", e);
                LockSupport.parkNanos(ACCEPT_PAUSE);
            }
        }
    }

    private void serve(ClientConnection connection) {
        try {
            connection.serve();
        } finally {
            connections.remove(connection);
            waitForWork();
        }
    }

    /** Stops the daemon for a client of another version, once the commands that run have ended or had their time. */
    private void otherVersion(ClientConnection asking) {
        LOG.info("A client of another version asks; handing over");
        try {
            server.close();
            Files.deleteIfExists(socket);
        } catch (IOException e) {
            LOG.warn("Cannot close the socket", e);
        }
        long deadline = System.nanoTime() + HANDOVER.toNanos();
        for (ClientConnection other : connections) {
            if (other != asking) {
                other.awaitEnd(deadline - System.nanoTime());
            }
        }
        control.stop();
    }

    private void waitForWork() {
        idleLock.lock();
        try {
            if (idleExit != null) {
                idleExit.cancel(false);
            }
            if (!idleClock.isShutdown()) {
                idleExit = idleClock.schedule(
                        this::endIfIdle, control.idleLimit(IDLE).toMillis(), TimeUnit.MILLISECONDS);
            }
        } finally {
            idleLock.unlock();
        }
    }

    private void endIfIdle() {
        boolean busy = !connections.isEmpty()
                || instances.list().stream().anyMatch(i -> i.status() != Status.STOPPED && i.status() != Status.BROKEN);
        if (busy) {
            waitForWork();
        } else {
            LOG.info("Nothing to do and no machine runs");
            control.stop();
        }
    }
}
