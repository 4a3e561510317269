// SPDX-License-Identifier: Apache-2.0
package io.jlima.fileevents.internal;

import io.jlima.api.HostEnvironment;
import io.jlima.api.config.InstanceConfig;
import io.jlima.api.config.InstanceConfig.Mount;
import io.jlima.api.guest.AgentSession;
import io.jlima.api.guest.FileReplay;
import io.jlima.api.guest.Guest;
import io.jlima.api.guest.SharedMount;
import io.jlima.api.machine.Machine;
import io.jlima.api.network.Network.Addresses;
import io.jlima.api.ssh.SshConnection;
import java.lang.reflect.RecordComponent;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/** A guest with mounts and perhaps an agent, and nothing else. */
final class FakeGuest implements Guest {
    private final Path directory;
    private final InstanceConfig config;
    private final @Nullable AgentSession agent;
    final List<SharedMount> mounts = new CopyOnWriteArrayList<>();
    final Map<String, String> troubles = new ConcurrentHashMap<>();
    final List<String> lines = new CopyOnWriteArrayList<>();

    FakeGuest(Path directory, boolean mountInotify, @Nullable AgentSession agent) {
        this.directory = directory;
        this.config = config(mountInotify);
        this.agent = agent;
    }

    private static InstanceConfig config(boolean mountInotify) {
        RecordComponent[] parts = InstanceConfig.class.getRecordComponents();
        List<@Nullable Object> values = new ArrayList<>();
        for (RecordComponent part : parts) {
            values.add(part.getName().equals("mountInotify") ? (Object) mountInotify : empty(part.getType()));
        }
        try {
            return InstanceConfig.class
                    .getDeclaredConstructor(
                            Arrays.stream(parts).map(RecordComponent::getType).toArray(Class[]::new))
                    .newInstance(values.toArray());
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }

    private static @Nullable Object empty(Class<?> type) {
        if (type == boolean.class) {
            return false;
        }
        if (type == int.class) {
            return 0;
        }
        return type == long.class ? (Object) 0L : null;
    }

    void mount(Path location, String point, FileReplay replay) {
        Mount mount = new Mount(
                location.toString(),
                point,
                true,
                new Mount.Sshfs(true, false, ""),
                new Mount.NineP("none", "9p2000.L", 131072, "mmap"),
                null);
        mounts.add(new SharedMount(mount, replay));
    }

    @Override
    public List<SharedMount> shared() {
        return List.copyOf(mounts);
    }

    @Override
    public String name() {
        return "fake";
    }

    @Override
    public Path directory() {
        return directory;
    }

    @Override
    public InstanceConfig config() {
        return config;
    }

    @Override
    public Optional<AgentSession> agent() {
        return Optional.ofNullable(agent);
    }

    @Override
    public void trouble(String source, @Nullable String words) {
        if (words == null) {
            troubles.remove(source);
        } else {
            troubles.put(source, words);
        }
    }

    @Override
    public void log(String message) {
        lines.add(message);
    }

    @Override
    public void event(String member, String json) {}

    @Override
    public List<String> troubles() {
        return List.copyOf(troubles.values());
    }

    @Override
    public int sshPort() {
        throw new UnsupportedOperationException();
    }

    @Override
    public HostEnvironment caller() {
        return HostEnvironment.ofThisProcess();
    }

    @Override
    public Machine machine() {
        throw new UnsupportedOperationException();
    }

    @Override
    public CompletionStage<Void> up() {
        return new CompletableFuture<>();
    }

    @Override
    public SshConnection connection() {
        throw new UnsupportedOperationException();
    }

    @Override
    public SshConnection ownConnection() {
        throw new UnsupportedOperationException();
    }

    @Override
    public Optional<Addresses> addresses() {
        return Optional.empty();
    }
}
