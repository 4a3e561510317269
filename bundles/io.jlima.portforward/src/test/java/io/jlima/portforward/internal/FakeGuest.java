// SPDX-License-Identifier: Apache-2.0
package io.jlima.portforward.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.jlima.api.HostEnvironment;
import io.jlima.api.config.InstanceConfig;
import io.jlima.api.config.InstanceConfig.PortForward;
import io.jlima.api.guest.AgentSession;
import io.jlima.api.guest.Guest;
import io.jlima.api.machine.HostForwards;
import io.jlima.api.machine.Machine;
import io.jlima.api.ssh.SshConnection;
import java.io.IOException;
import java.lang.reflect.RecordComponent;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A guest that is this very host. */
final class FakeGuest implements Guest {
    static final int SSH_PORT = 60022;
    private static final long LONG_SECONDS = 20;

    private final String name;
    private final InstanceConfig config;
    private final @Nullable FakeAgent agent;
    private final FakeMachine machine = new FakeMachine();
    private final CompletableFuture<Void> up = new CompletableFuture<>();
    private final BlockingQueue<String> events = new LinkedBlockingQueue<>();
    private final Map<String, String> troubles = new ConcurrentHashMap<>();
    final List<String> lines = new CopyOnWriteArrayList<>();

    /** @param agent null for a guest without one */
    FakeGuest(String name, String rules, @Nullable FakeAgent agent) {
        this.name = name;
        this.agent = agent;
        this.config = config(RulesTest.parse(rules), agent == null);
    }

    private static InstanceConfig config(List<PortForward> rules, boolean plain) {
        RecordComponent[] parts = InstanceConfig.class.getRecordComponents();
        List<@Nullable Object> values = new ArrayList<>();
        for (RecordComponent part : parts) {
            values.add(
                    switch (part.getName()) {
                        case "portForwards" -> rules;
                        case "plain" -> plain;
                        default -> empty(part.getType());
                    });
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

    void isUp() {
        up.complete(null);
    }

    /** Waits for an event of this type about this port of the guest, and passes over others. */
    String await(String type, int guestPort) throws InterruptedException {
        List<String> passed = new ArrayList<>();
        while (true) {
            String event = events.poll(LONG_SECONDS, TimeUnit.SECONDS);
            assertThat(event).as("%s of %s after %s", type, guestPort, passed).isNotNull();
            if (event.contains("\"type\":\"" + type + "\"") && event.contains(":" + guestPort + "\"")) {
                return event;
            }
            passed.add(event);
        }
    }

    List<String> eventsSoFar() {
        List<String> all = new ArrayList<>();
        events.drainTo(all);
        return all;
    }

    FakeMachine fakeMachine() {
        return machine;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public Path directory() {
        return Path.of("/nonexistent");
    }

    @Override
    public InstanceConfig config() {
        return config;
    }

    @Override
    public int sshPort() {
        return SSH_PORT;
    }

    @Override
    public HostEnvironment caller() {
        return HostEnvironment.ofThisProcess();
    }

    @Override
    public Machine machine() {
        return machine;
    }

    @Override
    public CompletionStage<Void> up() {
        return up;
    }

    @Override
    public SshConnection connection() {
        throw new UnsupportedOperationException();
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
    public void event(String member, String json) {
        assertThat(member).isEqualTo("portForward");
        events.add(json);
    }

    @Override
    public List<String> troubles() {
        return List.copyOf(troubles.values());
    }

    /** A machine that lists forwards and opens none; {@code null} address for one without a network. */
    static final class FakeMachine implements Machine, HostForwards {
        final List<Forward> forwards = new CopyOnWriteArrayList<>();

        @Nullable
        String address;

        @Override
        public Optional<String> guestAddress() {
            return Optional.ofNullable(address);
        }

        @Override
        public List<Forward> list() {
            return List.copyOf(forwards);
        }

        @Override
        public void add(Forward forward) throws IOException {
            if (forwards.contains(forward)) {
                throw new IOException("twice: " + forward);
            }
            forwards.add(forward);
        }

        @Override
        public void remove(Forward forward) {
            forwards.remove(forward);
        }

        @Override
        public ProcessIdentity identity() {
            return new ProcessIdentity(1, 1);
        }

        @Override
        public String accelerator() {
            return "none";
        }

        @Override
        public CompletionStage<Exit> exited() {
            return new CompletableFuture<>();
        }

        @Override
        public boolean powerOff(Duration grace) {
            return true;
        }

        @Override
        public void kill() {}

        @Override
        public void release() {}
    }
}
