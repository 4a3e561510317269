// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.instance;

import io.jlima.api.HostEnvironment;
import io.jlima.api.LimaException;
import io.jlima.api.config.InstanceConfig;
import io.jlima.api.instance.InstanceEvent;
import io.jlima.api.machine.Machine;
import io.jlima.api.ssh.SshConnection;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks a guest that has restarted by itself for the boot scripts that failed, which is told as a start tells it. Of a
 * guest that restarts again meanwhile, the latest boot counts. Thread-safe.
 */
final class Restarts implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Restarts.class);

    private static final String WELL = "the guest has restarted, and none of its boot scripts failed this time";

    private final LiveInstance live;
    private final Platform platform;
    private final Machine machine;
    private final InstanceConfig config;
    private final HostEnvironment caller;
    private @Nullable Thread asking;
    private boolean closed;

    /** @param caller whoever had the machine started, or adopted it */
    Restarts(LiveInstance live, Platform platform, Machine machine, InstanceConfig config, HostEnvironment caller) {
        this.live = live;
        this.platform = platform;
        this.machine = machine;
        this.config = config;
        this.caller = caller;
    }

    /** The guest has restarted. */
    synchronized void begin() {
        stop();
        if (!closed) {
            asking = Thread.ofVirtual().name("restarted-" + live.folder.name()).start(this::ask);
        }
    }

    private void stop() {
        if (asking != null) {
            asking.interrupt();
            asking = null;
        }
    }

    private void ask() {
        try {
            Readiness asked = new Readiness(
                    config,
                    Readiness.instanceId(live.folder),
                    () -> MachinePlan.otherMountTypes(live.folder, config, platform.drivers(), caller));
            Meeting meeting = new Meeting(live.folder, platform.connections().connector());
            meeting.awaitSshd(platform.ports().last(live.folder), List.of());
            try (Own own = new Own()) {
                SshConnection connection = meeting.logIn(own, asked);
                asked.awaitBoot(connection, Meeting.GUEST_LIMIT);
                tell(asked.failedSteps(connection));
            }
        } catch (InterruptedException e) {
            LOG.debug("{} ends, or has restarted again", live.folder.name());
        } catch (IOException | LimaException e) {
            failed(e);
        }
    }

    /** A connection to this boot: the kept one may be to the one before, and not know it. */
    private final class Own implements Meeting.Way, AutoCloseable {
        private @Nullable SshConnection latest;

        @Override
        public SshConnection connect() throws InterruptedException {
            close();
            SshConnection fresh = platform.connections().own(live);
            latest = fresh;
            return fresh;
        }

        @Override
        public void close() {
            if (latest != null) {
                latest.close();
                latest = null;
            }
        }
    }

    /** Said only when that boot went otherwise than the one before. A start that is under way asks for itself. */
    private synchronized void tell(List<String> failedSteps) {
        if (asking != Thread.currentThread()) {
            return;
        }
        List<String> all;
        live.lock.lock();
        try {
            if (live.machine != machine || !live.ready || live.failedSteps.equals(failedSteps)) {
                return;
            }
            live.failedSteps = failedSteps;
            all = live.allTroubles();
        } finally {
            live.lock.unlock();
        }
        boolean well = failedSteps.isEmpty();
        List<String> words = well ? List.of(WELL) : failedSteps;
        live.agent().ifPresent(agent -> {
            words.forEach(line -> agent.log(well ? "info" : "error", line));
            agent.event(true, false, all);
        });
        words.forEach(
                line -> platform.events().publish(new InstanceEvent.Trouble(live.folder.name(), Instant.now(), line)));
    }

    private synchronized void failed(Exception e) {
        if (asking == Thread.currentThread()) {
            LOG.warn("{} has restarted, and does not say how its boot went", live.folder.name(), e);
        }
    }

    @Override
    public synchronized void close() {
        closed = true;
        stop();
    }
}
