// SPDX-License-Identifier: Apache-2.0
package io.jlima.ssh.internal;

import io.jlima.api.ssh.SshConnection.Acceptor;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.sshd.client.session.ClientSession;
import org.apache.sshd.common.AttributeRepository.AttributeKey;
import org.apache.sshd.common.SshConstants;
import org.apache.sshd.common.util.buffer.Buffer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Unix sockets at which the guest's sshd listens for us; "streamlocal-forward@openssh.com" in OpenSSH's PROTOCOL. */
final class ReverseSockets {
    static final AttributeKey<ReverseSockets> OF_SESSION = new AttributeKey<>();

    private static final Logger LOG = LoggerFactory.getLogger(ReverseSockets.class);
    private static final Duration ANSWER = Duration.ofSeconds(30);

    private final ClientSession session;
    private final Map<String, Acceptor> acceptors = new ConcurrentHashMap<>();

    /** What the guest is being told to give up, until it has answered. */
    private final Map<String, CompletableFuture<Void>> givenUp = new ConcurrentHashMap<>();

    ReverseSockets(ClientSession session) {
        this.session = session;
        session.setAttribute(OF_SESSION, this);
    }

    @Nullable
    Acceptor at(String path) {
        return acceptors.get(path);
    }

    AutoCloseable listen(String path, Acceptor acceptor) throws IOException {
        if (acceptors.putIfAbsent(path, acceptor) != null) {
            throw new IOException("The guest's sshd listens at " + path + " already");
        }
        boolean listens = false;
        try {
            awaitGivenUp(path);
            listens = ask("streamlocal-forward@openssh.com", path);
            if (!listens) {
                throw new IOException("The guest's sshd cannot listen at " + path
                        + ": there is such a file, its user may not make one there, or sshd allows no forwarding");
            }
        } finally {
            if (!listens) {
                acceptors.remove(path);
            }
        }
        AtomicBoolean closed = new AtomicBoolean();
        return () -> {
            if (closed.compareAndSet(false, true)) {
                cancel(path);
            }
        };
    }

    private void cancel(String path) {
        if (!session.isOpen()) {
            acceptors.remove(path);
            return;
        }
        CompletableFuture<Void> over = new CompletableFuture<>();
        // First: whoever listens there next finds it, and waits, so that it is not the new one that is cancelled.
        givenUp.put(path, over);
        acceptors.remove(path);
        // Not to wait for a guest that may stand still.
        Thread.ofVirtual().name("ssh cancel " + path).start(() -> {
            try {
                ask("cancel-streamlocal-forward@openssh.com", path);
            } catch (IOException e) {
                LOG.debug("{} is not given up", path, e);
            } finally {
                givenUp.remove(path, over);
                over.complete(null);
            }
        });
    }

    /** The guest answers each request in {@link #ANSWER}, or the connection ends. */
    private void awaitGivenUp(String path) throws IOException {
        CompletableFuture<Void> before = givenUp.get(path);
        if (before == null) {
            return;
        }
        try {
            before.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("Interrupted while the guest's sshd gives up " + path);
        } catch (ExecutionException e) {
            throw new IllegalStateException("It never ends in an error", e);
        }
    }

    private boolean ask(String request, String path) throws IOException {
        Buffer buffer = session.createBuffer(
                SshConstants.SSH_MSG_GLOBAL_REQUEST, request.length() + path.length() * 3 + 2 * Long.BYTES);
        buffer.putString(request);
        buffer.putBoolean(true);
        buffer.putString(path);
        return session.request(request, buffer, ANSWER) != null;
    }
}
