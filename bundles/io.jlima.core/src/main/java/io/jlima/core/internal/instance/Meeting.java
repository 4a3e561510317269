// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.instance;

import io.jlima.api.LimaException;
import io.jlima.api.ssh.SshConnection;
import io.jlima.api.ssh.SshConnector;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/** How the host meets a guest that boots: its sshd greets, and then it lets its user in. */
record Meeting(InstanceFolder folder, SshConnector connector) {
    /** Longer than any guest of this list takes under emulation; the caller's own limit is usually shorter. */
    static final Duration GUEST_LIMIT = Duration.ofMinutes(30);

    /** A guest whose sshd greets may still be making its user; trying to log in for longer would hide a fault. */
    private static final Duration LOGIN_LIMIT = Duration.ofSeconds(60);

    /** Makes a connection, or finds the one that is there. */
    interface Way {
        SshConnection connect() throws InterruptedException;
    }

    /**
     * Waits until its sshd greets.
     *
     * @param hints each completes when that is likely to be soon, if it ever does
     */
    void awaitSshd(int port, List<CompletionStage<Void>> hints) throws IOException, InterruptedException {
        try (GuestSignal signal = GuestSignal.listen(folder)) {
            connector.awaitBanner(
                    "127.0.0.1",
                    port,
                    GUEST_LIMIT,
                    Stream.concat(hints.stream(), Stream.of(signal.sshIsUp())).toList());
        }
    }

    /** A connection that keeps. */
    SshConnection logIn(Way way, Readiness readiness) throws InterruptedException {
        long deadline = System.nanoTime() + LOGIN_LIMIT.toNanos();
        while (true) {
            try {
                SshConnection connection = way.connect();
                readiness.awaitSession(connection, GUEST_LIMIT);
                return connection;
            } catch (IOException | LimaException e) {
                if (System.nanoTime() > deadline) {
                    throw Readiness.notReady(folder.name(), "nobody can log in", e, folder);
                }
                // A stock image greets before its first boot has made the user, or ends all sessions once.
                LockSupport.parkNanos(250_000_000L);
                if (Thread.interrupted()) {
                    throw new InterruptedException();
                }
            }
        }
    }
}
