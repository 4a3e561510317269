// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.instance;

import io.jlima.api.LimaException;
import io.jlima.api.instance.Instance.Status;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** What is going on with each instance, and which names are being made now. Thread-safe. */
final class LiveInstances {
    private final HomeFolder home;
    private final Map<String, LiveInstance> table = new ConcurrentHashMap<>();
    private final Set<String> inCreation = ConcurrentHashMap.newKeySet();

    LiveInstances(HomeFolder home) {
        this.home = home;
    }

    LiveInstance of(String name) {
        return table.computeIfAbsent(name, n -> new LiveInstance(home.instance(n)));
    }

    Collection<LiveInstance> all() {
        return table.values();
    }

    /** The guests of all that run. */
    List<RunningGuest> guests() {
        return table.values().stream()
                .map(LiveInstance::guest)
                .flatMap(Optional::stream)
                .toList();
    }

    boolean exists(String name) {
        return home.instances().stream().anyMatch(folder -> folder.name().equals(name));
    }

    /**
     * The instance of that name.
     *
     * @throws LimaException when there is none, or none yet
     */
    LiveInstance existing(String name) {
        if (!exists(name)) {
            throw new LimaException("instance `" + name + "` does not exist", "`limactl list` shows all instances");
        }
        // Between its directory and its disk, an instance is nobody's but its creator's.
        if (inCreation.contains(name)) {
            throw new LimaException(
                    "instance `" + name + "` is being created by another command",
                    "Give the command again when it is there");
        }
        return of(name);
    }

    /** Whether an instance of that name runs, or is about to, or does not yet not run. */
    boolean isBusy(String name) {
        LiveInstance instance = table.get(name);
        if (instance == null) {
            return false;
        }
        if (LimaHostAgent.runs(instance.folder)) {
            return true;
        }
        instance.lock.lock();
        try {
            return instance.status() != Status.STOPPED;
        } finally {
            instance.lock.unlock();
        }
    }

    /** The instance has been removed, or has another name now. */
    void forget(LiveInstance instance) {
        table.remove(instance.folder.name(), instance);
    }

    /** Takes a name for an instance that is to be made; {@link #made} gives it back. */
    void reserve(String name) {
        if (!inCreation.add(name)) {
            throw new LimaException("instance `" + name + "` is being created by another command");
        }
    }

    /** The instance of that name has been made, or not. */
    void made(String name) {
        inCreation.remove(name);
    }
}
