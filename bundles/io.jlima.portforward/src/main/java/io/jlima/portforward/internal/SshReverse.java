// SPDX-License-Identifier: Apache-2.0
package io.jlima.portforward.internal;

import io.jlima.api.LimaException;
import io.jlima.api.guest.Guest;
import io.jlima.api.guest.PortForwarder.Forward;
import io.jlima.api.ssh.SshConnection;
import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A unix socket in the guest, held by its sshd, that leads to one of the host; made again with each new connection. */
final class SshReverse implements Forward {
    private static final Logger LOG = LoggerFactory.getLogger(SshReverse.class);
    private static final Duration COMMAND = Duration.ofSeconds(30);

    /** Between two tries to make it again. */
    private static final long SPACING_MILLIS = 250;

    private final Guest guest;
    private final String guestSocket;
    private final String hostSocket;
    private final Relays relays;
    private final LongAdder bytes = new LongAdder();
    private final CompletableFuture<Void> closed = new CompletableFuture<>();
    private volatile @Nullable AutoCloseable listening;
    private volatile @Nullable String ended;

    private SshReverse(Guest guest, String guestSocket, String hostSocket, Relays relays) {
        this.guest = guest;
        this.guestSocket = guestSocket;
        this.hostSocket = hostSocket;
        this.relays = relays;
    }

    static SshReverse open(Guest guest, String guestSocket, String hostSocket, Relays relays)
            throws IOException, InterruptedException {
        SshReverse reverse = new SshReverse(guest, guestSocket, hostSocket, relays);
        SshConnection connection = reverse.listen();
        Thread.ofVirtual().name("reverse " + guestSocket).start(() -> reverse.keep(connection));
        return reverse;
    }

    private SshConnection listen() throws IOException, InterruptedException {
        SshConnection connection = guest.connection();
        // A socket that an earlier connection left is in the way of a new one.
        String quoted = "'" + guestSocket.replace("'", "'\\''") + "'";
        connection.run("test ! -S " + quoted + " || rm -f " + quoted + " || sudo -n rm -f " + quoted, "", COMMAND);
        listening = connection.listenUnix(guestSocket, stream -> {
            SshForwarder.Stream guestStream = new SshForwarder.Stream(stream);
            if (AgentForwarder.connect(hostSocket, guestStream) instanceof SocketChannel host) {
                new Relay(host, guestStream, bytes).run(relays);
            }
        });
        return connection;
    }

    private void keep(SshConnection first) {
        SshConnection connection = first;
        while (!closed.isDone()) {
            try {
                CompletableFuture.anyOf(closed, connection.closed().toCompletableFuture())
                        .join();
                if (closed.isDone()) {
                    return;
                }
                connection = listen();
                ended = null;
                if (closed.isDone()) {
                    // It was closed while this was made, so nobody else knows of it.
                    giveUp();
                }
            } catch (IOException | LimaException e) {
                ended = e.getMessage();
                LOG.debug("{} cannot be made again", guestSocket, e);
                pause();
            } catch (InterruptedException e) {
                return;
            }
        }
    }

    private void pause() {
        try {
            closed.get(SPACING_MILLIS, TimeUnit.MILLISECONDS);
        } catch (TimeoutException | InterruptedException | java.util.concurrent.ExecutionException e) {
            LOG.trace("again", e);
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
        closed.complete(null);
        giveUp();
    }

    /** Gives up what is listened at now; nothing happens to what has been given up already. */
    private void giveUp() {
        AutoCloseable handle = listening;
        if (handle != null) {
            new Reverse(handle, bytes).close();
        }
    }
}
