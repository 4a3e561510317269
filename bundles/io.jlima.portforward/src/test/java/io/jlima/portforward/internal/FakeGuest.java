// SPDX-License-Identifier: Apache-2.0
package io.jlima.portforward.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.jlima.api.machine.HostForwards;
import io.jlima.api.machine.Machine;
import io.jlima.testing.BareGuest;
import io.jlima.testing.Configs;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A guest that is this very host. */
final class FakeGuest extends BareGuest {
    static final int SSH_PORT = 60022;
    private static final long LONG_SECONDS = 20;

    private final FakeMachine machine = new FakeMachine();
    private final CompletableFuture<Void> up = new CompletableFuture<>();
    private final BlockingQueue<String> events = new LinkedBlockingQueue<>();

    /** @param agent null for a guest without one */
    FakeGuest(String name, String rules, @Nullable FakeAgent agent) {
        super(
                name,
                Path.of("/nonexistent"),
                Configs.with("portForwards", RulesTest.parse(rules), "plain", agent == null),
                agent);
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
    public int sshPort() {
        return SSH_PORT;
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
    public void event(String member, String json) {
        assertThat(member).isEqualTo("portForward");
        events.add(json);
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
