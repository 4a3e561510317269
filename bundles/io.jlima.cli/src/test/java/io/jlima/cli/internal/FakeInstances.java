// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal;

import io.jlima.api.HostEnvironment;
import io.jlima.api.LimaException;
import io.jlima.api.Progress;
import io.jlima.api.config.ConfigReader;
import io.jlima.api.instance.Instance;
import io.jlima.api.instance.InstanceEvent;
import io.jlima.api.instance.Instances;
import io.jlima.api.machine.Snapshots;
import io.jlima.api.ssh.SshConnection;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Instances that a test has put here; remembers what was asked of them. */
public final class FakeInstances implements Instances {
    public final List<Instance> all = new ArrayList<>();
    public final List<String> calls = new ArrayList<>();
    public @Nullable SshConnection connection;
    public @Nullable LimaException refusal;
    private final Path home;

    public FakeInstances(Path home) {
        this.home = home;
    }

    @Override
    public Path home() {
        return home;
    }

    @Override
    public List<Path> templateDirectories(HostEnvironment caller) {
        return List.of(home.resolve("templates"));
    }

    @Override
    public List<Instance> list() {
        return List.copyOf(all);
    }

    @Override
    public Optional<Instance> find(String name) {
        return all.stream().filter(i -> i.name().equals(name)).findFirst();
    }

    @Override
    public Instance create(String name, String yaml, String source, HostEnvironment caller, Progress progress) {
        calls.add("create " + name + " of " + source + ": " + yaml);
        return all.getFirst();
    }

    @Override
    public ConfigReader.Resolved check(String yaml, String source, HostEnvironment caller) {
        return new ConfigReader.Resolved(
                java.util.Objects.requireNonNull(all.getFirst().config()), java.util.Map.of(), List.of());
    }

    @Override
    public void configure(String name, String yaml, HostEnvironment caller, Progress progress) {
        if (refusal != null) {
            throw refusal;
        }
        calls.add("configure " + name + ": " + yaml);
    }

    @Override
    public void start(String name, Duration timeout, HostEnvironment caller, Progress progress) {
        calls.add("start " + name + " " + timeout);
    }

    @Override
    public void stop(String name, boolean force, Progress progress) {
        throw new UnsupportedOperationException();
    }

    @Override
    public boolean delete(String name, boolean force, Progress progress) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void factoryReset(String name, Progress progress) {
        throw new UnsupportedOperationException();
    }

    @Override
    public SshConnection connection(String name) {
        SshConnection there = connection;
        if (there == null) {
            throw new UnsupportedOperationException();
        }
        return there;
    }

    @Override
    public boolean protect(String name, boolean wanted) {
        calls.add((wanted ? "protect " : "unprotect ") + name);
        return true;
    }

    @Override
    public void copy(String name, String newName, Progress progress) {
        calls.add("copy " + name + " " + newName);
    }

    @Override
    public void rename(String name, String newName) {
        calls.add("rename " + name + " " + newName);
    }

    @Override
    public Snapshots snapshots(String name, HostEnvironment caller) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void reconnect(String name) {
        calls.add("reconnect " + name);
    }

    @Override
    public AutoCloseable watch(@Nullable String instance, Consumer<InstanceEvent> listener) {
        throw new UnsupportedOperationException();
    }
}
