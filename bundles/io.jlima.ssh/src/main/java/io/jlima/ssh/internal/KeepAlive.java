// SPDX-License-Identifier: Apache-2.0
package io.jlima.ssh.internal;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.sshd.common.SshConstants;
import org.apache.sshd.common.session.Session;
import org.apache.sshd.common.util.buffer.Buffer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks the guest for a sign of life every few seconds, so that a connection which the guest no longer knows (it was
 * reset, it fell over and came up again) is answered with a TCP reset and ends; without traffic that would never show.
 *
 * <p>There is no limit on the answer, and no second question before it: a machine that stands still cannot be told from
 * one that is gone, and one that goes on after a pause goes on with its connections. Nothing piles up meanwhile. The
 * end of the machine's process needs no question, it closes the socket.
 */
final class KeepAlive {
    /** Seldom enough not to keep a guest awake, often enough for people. */
    static final Duration INTERVAL = Duration.ofSeconds(5);

    private static final Logger LOG = LoggerFactory.getLogger(KeepAlive.class);
    /** What OpenSSH calls it, PROTOCOL section 2.5 of its sources; a server answers any unknown name all the same. */
    private static final String REQUEST = "keepalive@openssh.com";

    private final Session session;
    private final AtomicBoolean waiting = new AtomicBoolean();

    private KeepAlive(Session session) {
        this.session = session;
    }

    /** Keeps asking until the session ends. */
    static void start(Session session, Duration interval) {
        KeepAlive keepAlive = new KeepAlive(session);
        ScheduledExecutorService clock = session.getFactoryManager().getScheduledExecutorService();
        ScheduledFuture<?> beats = clock.scheduleWithFixedDelay(
                keepAlive::ask, interval.toMillis(), interval.toMillis(), TimeUnit.MILLISECONDS);
        session.addCloseFutureListener(closed -> beats.cancel(false));
    }

    private void ask() {
        if (!session.isOpen() || !waiting.compareAndSet(false, true)) {
            return;
        }
        try {
            Buffer buffer = session.createBuffer(SshConstants.SSH_MSG_GLOBAL_REQUEST);
            buffer.putString(REQUEST);
            buffer.putBoolean(true);
            session.request(buffer, REQUEST, (command, answer) -> waiting.set(false));
        } catch (IOException | RuntimeException e) {
            waiting.set(false);
            LOG.debug("{}: no sign of life asked for", session, e);
        }
    }
}
