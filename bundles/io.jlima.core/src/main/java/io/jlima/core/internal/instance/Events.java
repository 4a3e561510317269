// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.instance;

import io.jlima.api.instance.Instance.Status;
import io.jlima.api.instance.InstanceEvent;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Carries events to whoever watches. A watcher that throws harms nobody else. */
final class Events {
    private static final Logger LOG = LoggerFactory.getLogger(Events.class);

    private final List<Consumer<InstanceEvent>> watchers = new CopyOnWriteArrayList<>();

    AutoCloseable watch(Consumer<InstanceEvent> watcher) {
        watchers.add(watcher);
        return () -> watchers.remove(watcher);
    }

    /** Tells the status, if it is another than the one told last. Not to be called with the instance's lock held. */
    void status(LiveInstance live) {
        live.telling.lock();
        try {
            Status status;
            live.lock.lock();
            try {
                status = live.status();
            } finally {
                live.lock.unlock();
            }
            if (status != live.told) {
                live.told = status;
                publish(new InstanceEvent.StatusChanged(live.folder.name(), Instant.now(), status));
            }
        } finally {
            live.telling.unlock();
        }
    }

    void publish(InstanceEvent event) {
        LOG.info("{}", event);
        for (Consumer<InstanceEvent> watcher : watchers) {
            try {
                watcher.accept(event);
            } catch (RuntimeException | LinkageError e) {
                LOG.error("A watcher of events failed", e);
            }
        }
    }
}
