// SPDX-License-Identifier: Apache-2.0
package io.jlima.testing;

import io.jlima.api.HostEnvironment;
import io.jlima.api.config.InstanceConfig;
import io.jlima.api.guest.AgentSession;
import io.jlima.api.guest.Guest;
import io.jlima.api.machine.Machine;
import io.jlima.api.network.Network.Addresses;
import io.jlima.api.ssh.SshConnection;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/** A guest with a configuration and perhaps an agent, and nothing else; it keeps what is said of it. */
public class BareGuest implements Guest {
    public final Map<String, String> troubles = new ConcurrentHashMap<>();
    public final List<String> lines = new CopyOnWriteArrayList<>();
    private final String name;
    private final Path directory;
    private final InstanceConfig config;
    private final @Nullable AgentSession agent;

    /** @param agent null for a guest without one */
    public BareGuest(String name, Path directory, InstanceConfig config, @Nullable AgentSession agent) {
        this.name = name;
        this.directory = directory;
        this.config = config;
        this.agent = agent;
    }

    @Override
    public String name() {
        return name;
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
        return connection();
    }

    @Override
    public Optional<Addresses> addresses() {
        return Optional.empty();
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
}
