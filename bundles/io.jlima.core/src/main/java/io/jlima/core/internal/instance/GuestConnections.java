// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.instance;

import io.jlima.api.HostEnvironment;
import io.jlima.api.LimaException;
import io.jlima.api.machine.Machine;
import io.jlima.api.ssh.SshConnection;
import io.jlima.api.ssh.SshConnector;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** The ssh connections to guests that run: one of each is kept, and everybody uses it. */
record GuestConnections(Configurations configurations, GuestAccess access, SshConnector connector) {
    private static final Duration CONNECT_LIMIT = Duration.ofSeconds(15);

    /** By what the machine of one moment can be reached. */
    private record Way(Machine machine, int port) {}

    /**
     * The kept connection, made anew if it is not there.
     *
     * @throws LimaException when the machine does not run, or its guest does not answer
     */
    SshConnection kept(LiveInstance live) throws InterruptedException {
        live.connecting.lockInterruptibly();
        try {
            Way way;
            live.lock.lock();
            try {
                @Nullable SshConnection kept = live.connection;
                if (kept != null && kept.isOpen()) {
                    return kept;
                }
                way = way(live);
            } finally {
                live.lock.unlock();
            }
            SshConnection fresh = connect(live, way);
            live.lock.lock();
            try {
                if (live.machine == way.machine()) {
                    live.connection = fresh;
                    return fresh;
                }
            } finally {
                live.lock.unlock();
            }
            fresh.close();
            throw notRunning(live);
        } finally {
            live.connecting.unlock();
        }
    }

    /** A connection that nobody else uses; the caller closes it. */
    SshConnection own(LiveInstance live) throws InterruptedException {
        Way way;
        live.lock.lock();
        try {
            way = way(live);
        } finally {
            live.lock.unlock();
        }
        return connect(live, way);
    }

    /** Closes the kept connection; the next one who wants it gets a new one. */
    void drop(LiveInstance live) {
        SshConnection connection;
        live.lock.lock();
        try {
            connection = live.connection;
            live.connection = null;
        } finally {
            live.lock.unlock();
        }
        if (connection != null) {
            connection.close();
        }
    }

    /** To be called with the instance's lock held. */
    private static Way way(LiveInstance live) {
        if (live.machine == null) {
            throw notRunning(live);
        }
        return new Way(live.machine, live.sshPort);
    }

    /**
     * A machine that stands still is not tried: its network keeps each try that was given up, and the guest would have
     * to serve them all before ours when it goes on (docs/decisions/0016).
     */
    private SshConnection connect(LiveInstance live, Way way) throws InterruptedException {
        if (!live.standstill.await(CONNECT_LIMIT)) {
            throw new LimaException(
                    "the machine of instance `" + live.folder.name() + "` stands still",
                    "It was paused, or waits for a disk of the host (see `limactl list`). Try again when it goes on.");
        }
        Configuration configuration = configurations.read(live.folder, HostEnvironment.ofThisProcess());
        return connector.connect(access.target(live.folder, configuration.config(), way.port()), CONNECT_LIMIT);
    }

    private static LimaException notRunning(LiveInstance live) {
        return new LimaException(
                "instance `" + live.folder.name() + "` does not run",
                "Start it with `limactl start " + live.folder.name() + "`");
    }
}
