// SPDX-License-Identifier: Apache-2.0
package io.jlima.mount.sshfs.internal;

import io.jlima.mount.sshfs.internal.sftp.SftpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.IntSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A port of the host's loopback by which one guest reaches one SFTP server. A guest of a user-mode network gets at it by
 * the host's address in that network, and the machine's process connects in its place. Whoever else connects is turned
 * away before anything is read of him.
 */
final class DirectDoor implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(DirectDoor.class);

    /** Of each mount; the second is for one that has gone without a word, or comes in its place. */
    static final int SESSIONS_OF_A_MOUNT = 2;

    private final ServerSocket listening;
    private final SftpServer server;
    private final long machine;
    private final Runnable onEnd;
    private final IntSupplier mounts;
    private final Set<Socket> sessions = ConcurrentHashMap.newKeySet();
    private final Thread accepting;
    private volatile boolean used;

    /**
     * @param preferredPort taken if it is free, else another one; 0 for any
     * @param machine pid of the machine
     * @param onEnd called when a session has ended
     * @param mounts how many mounts may want a session of their own
     */
    DirectDoor(SftpServer server, int preferredPort, long machine, Runnable onEnd, IntSupplier mounts)
            throws IOException {
        this.server = server;
        this.mounts = mounts;
        this.machine = machine;
        this.onEnd = onEnd;
        this.listening = listen(preferredPort);
        this.accepting = Thread.ofVirtual().name("sshfs-door-" + port()).start(this::accept);
    }

    private static ServerSocket listen(int preferredPort) throws IOException {
        // Of IPv4, as the machine's end of its user-mode network.
        InetAddress loopback = InetAddress.getByAddress(new byte[] {127, 0, 0, 1});
        ServerSocket socket = new ServerSocket();
        try {
            socket.setReuseAddress(true);
            socket.bind(new InetSocketAddress(loopback, preferredPort));
            return socket;
        } catch (IOException e) {
            socket.close();
            if (preferredPort == 0) {
                throw e;
            }
            return listen(0);
        }
    }

    /** Whether the guest has ever come in. */
    boolean wasUsed() {
        return used;
    }

    boolean isInUse() {
        return !sessions.isEmpty();
    }

    int port() {
        return listening.getLocalPort();
    }

    private void accept() {
        while (!listening.isClosed()) {
            try {
                Socket socket = listening.accept();
                Thread.ofVirtual().name("sshfs-knock").start(() -> admit(socket));
            } catch (IOException e) {
                if (!listening.isClosed()) {
                    LOG.warn("A guest's connection for a mount was lost: {}", e.toString());
                }
            }
        }
    }

    private void admit(Socket socket) {
        try {
            InetSocketAddress peer = (InetSocketAddress) socket.getRemoteSocketAddress();
            if (!MachineSockets.belongsTo(machine, peer, (InetSocketAddress) socket.getLocalSocketAddress())) {
                LOG.warn("Turned away a program of this host at port {}, which is for a guest", port());
                socket.close();
                return;
            }
            socket.setTcpNoDelay(true);
            used = true;
            enter(socket);
            if (listening.isClosed()) {
                end(socket);
            }
            // The server waits for disks within system calls, which a virtual thread should not.
            Thread.ofPlatform().daemon().name("sshfs-" + port()).start(() -> serve(socket));
        } catch (IOException e) {
            end(socket);
            LOG.debug("A guest's connection for a mount was lost", e);
        }
    }

    /** In one step, or a crowd that comes at once would find room for each. */
    private synchronized void enter(Socket socket) {
        if (sessions.size() >= SESSIONS_OF_A_MOUNT * Math.max(1, mounts.getAsInt())) {
            sessions.stream().findAny().filter(sessions::remove).ifPresent(DirectDoor::end);
        }
        sessions.add(socket);
    }

    private void serve(Socket socket) {
        try (socket) {
            server.serve(socket.getInputStream(), socket.getOutputStream());
        } catch (IOException e) {
            LOG.debug("A mount's session ended", e);
        } catch (RuntimeException e) {
            LOG.error("A mount's session failed", e);
        } finally {
            sessions.remove(socket);
            if (!listening.isClosed()) {
                onEnd.run();
            }
        }
    }

    private static void end(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            LOG.debug("{} was broken already", socket, e);
        }
    }

    /** Returns when the port is free for the next door, by which the guest's sshfs finds its way again. */
    @Override
    public void close() {
        try {
            listening.close();
        } catch (IOException e) {
            LOG.debug("{} was broken already", listening, e);
        }
        sessions.forEach(DirectDoor::end);
        awaitFreePort();
    }

    /** The system's socket lives until the thread that waits at it has left. */
    private void awaitFreePort() {
        boolean interrupted = false;
        while (accepting.isAlive()) {
            try {
                accepting.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
