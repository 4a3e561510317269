// SPDX-License-Identifier: Apache-2.0
package io.jlima.ssh.internal;

import io.jlima.api.LimaException;
import io.jlima.api.ssh.SshConnector.Target;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.ConnectException;
import java.security.KeyPair;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeoutException;
import org.apache.sshd.client.SshClient;
import org.apache.sshd.client.future.ConnectFuture;
import org.apache.sshd.client.session.ClientSession;
import org.apache.sshd.common.AttributeRepository;
import org.apache.sshd.common.SshConstants;
import org.apache.sshd.common.SshException;
import org.jspecify.annotations.Nullable;

/** One way from a target to a session that is logged in. */
final class Login {
    private final SshClient client;
    private final Target target;
    private final HostIdentity identity;
    private final List<KeyPair> keys;

    /** @throws LimaException when the target's keys cannot be used */
    Login(SshClient client, Target target) {
        this.client = client;
        this.target = target;
        this.identity = new HostIdentity(target.hostPublicKey());
        this.keys = Identities.load(target.identities());
    }

    /**
     * Connects and logs in; nothing is left behind on failure.
     *
     * @throws LimaException with the reason
     */
    ClientSession session(Duration timeout) throws InterruptedException {
        Deadline deadline = Deadline.after(timeout);
        ClientSession session = null;
        boolean done = false;
        try {
            session = connected(deadline);
            keys.forEach(session::addPublicKeyIdentity);
            session.auth().verify(atLeastOneMilli(deadline));
            done = true;
            return session;
        } catch (InterruptedIOException e) {
            throw interrupted(e);
        } catch (IOException | RuntimeException e) {
            throw failure(e, session, timeout);
        } finally {
            if (!done && session != null) {
                session.close(true);
            }
        }
    }

    private ClientSession connected(Deadline deadline) throws IOException {
        AttributeRepository context = AttributeRepository.ofKeyValuePair(HostIdentity.ATTRIBUTE, identity);
        ConnectFuture future = client.connect(target.user(), target.host(), target.port(), context);
        boolean done = false;
        try {
            ClientSession session = future.verify(atLeastOneMilli(deadline)).getClientSession();
            done = true;
            return session;
        } finally {
            if (!done) {
                future.cancel();
                // It may have become a session at that very moment.
                future.addListener(late -> {
                    if (late.isConnected()) {
                        late.getClientSession().close(true);
                    }
                });
            }
        }
    }

    private LimaException failure(Exception e, @Nullable ClientSession session, Duration timeout) {
        String where = target.host() + ":" + target.port();
        String foreign = identity.foreignFingerprint();
        if (foreign != null) {
            return new LimaException(
                    "A foreign ssh server answers on " + where,
                    "Its host key is " + foreign + ", that of the guest is " + identity.fingerprint() + ".",
                    "See which program listens on port " + target.port() + ", and end it or give the instance another"
                            + " port (ssh.localPort). If the guest's host key was changed on purpose, put the old one"
                            + " back or make the instance anew.",
                    e);
        }
        if (has(e, TimeoutException.class)) {
            return new LimaException(
                    "The ssh server on " + where + " did not let us in within " + Words.of(timeout),
                    session == null ? "The connection was not taken." : "The connection was taken.",
                    "See the serial log of the instance; a guest that is short of memory or stands still cannot answer.",
                    e);
        }
        if (has(e, ConnectException.class)) {
            return new LimaException(
                    "Nothing answers on " + where, message(e), "Start the instance, or see its serial log.", e);
        }
        if (e instanceof SshException ssh
                && ssh.getDisconnectCode() == SshConstants.SSH2_DISCONNECT_NO_MORE_AUTH_METHODS_AVAILABLE) {
            return new LimaException(
                    "The guest refuses to let " + target.user() + " in with our key",
                    "Tried: "
                            + String.join(
                                    ", ",
                                    target.identities().stream()
                                            .map(Object::toString)
                                            .toList()),
                    "The guest gets the key when it is made: if the key was changed since, put the old one back or add"
                            + " the new one to ~/.ssh/authorized_keys in the guest.",
                    e);
        }
        return new LimaException("Logging in on " + where + " failed", message(e), null, e);
    }

    private static InterruptedException interrupted(InterruptedIOException e) {
        // The flag may have been set again along the way; the exception says it now.
        Thread.interrupted();
        InterruptedException interrupted = new InterruptedException("Interrupted while logging in");
        interrupted.initCause(e);
        return interrupted;
    }

    private static boolean has(@Nullable Throwable e, Class<? extends Throwable> type) {
        for (Throwable t = e; t != null; t = t.getCause()) {
            if (type.isInstance(t)) {
                return true;
            }
        }
        return false;
    }

    private static String message(Throwable e) {
        return e.getMessage() == null ? e.toString() : e.getMessage();
    }

    /** For SSHD, 0 would be no limit at all. */
    private static Duration atLeastOneMilli(Deadline deadline) {
        Duration left = deadline.remaining();
        return left.toMillis() < 1 ? Duration.ofMillis(1) : left;
    }
}
