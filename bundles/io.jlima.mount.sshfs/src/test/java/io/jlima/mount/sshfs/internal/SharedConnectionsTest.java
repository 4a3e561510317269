// SPDX-License-Identifier: Apache-2.0
package io.jlima.mount.sshfs.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.jlima.api.guest.Guest;
import io.jlima.api.ssh.SshConnection;
import io.jlima.api.ssh.SshProcess;
import io.jlima.mount.sshfs.internal.SharedConnections.Place;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SharedConnectionsTest {
    /** All that were made for mounts alone, in their order. */
    private final LinkedBlockingQueue<FakeConnection> own = new LinkedBlockingQueue<>();

    private FakeConnection kept = new FakeConnection();
    private final SharedConnections connections = new SharedConnections(guest());

    @AfterEach
    void close() {
        connections.close();
    }

    private static final class FakeConnection implements SshConnection {
        private final CompletableFuture<Void> closed = new CompletableFuture<>();

        @Override
        public boolean isOpen() {
            return !closed.isDone();
        }

        @Override
        public CompletionStage<Void> closed() {
            return closed;
        }

        @Override
        public Result run(String command, String stdin, Duration timeout) throws IOException {
            throw new IOException("nothing runs here");
        }

        @Override
        public SshProcess start(String command, @Nullable Terminal terminal, Map<String, String> variables)
                throws IOException {
            throw new IOException("nothing starts here");
        }

        @Override
        public void close() {
            closed.complete(null);
        }
    }

    private Guest guest() {
        return (Guest) Proxy.newProxyInstance(
                getClass().getClassLoader(),
                new Class<?>[] {Guest.class},
                (proxy, method, words) -> switch (method.getName()) {
                    case "up" -> CompletableFuture.completedFuture(null);
                    case "name" -> "fake";
                    case "connection" -> connection();
                    case "ownConnection" -> ownConnection();
                    default -> throw new UnsupportedOperationException(method.getName());
                });
    }

    private SshConnection connection() {
        if (!kept.isOpen()) {
            kept = new FakeConnection();
        }
        return kept;
    }

    private SshConnection ownConnection() {
        FakeConnection fresh = new FakeConnection();
        own.add(fresh);
        return fresh;
    }

    private List<Place> take(int count) throws InterruptedException {
        List<Place> places = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            places.add(connections.take());
        }
        return places;
    }

    private FakeConnection nextOwn() throws InterruptedException {
        FakeConnection next = own.poll(60, TimeUnit.SECONDS);
        assertThat(next).as("one more connection").isNotNull();
        return Objects.requireNonNull(next);
    }

    @Test
    void theFirstGoByTheKeptConnectionAndTheOthersByTheirOwn() throws Exception {
        List<Place> places = take(11);
        assertThat(places.subList(0, 2)).allMatch(place -> place.connection() == kept);
        FakeConnection first = nextOwn();
        assertThat(places.subList(2, 10)).allMatch(place -> place.connection() == first);
        assertThat(places.get(10).connection()).isSameAs(nextOwn());
        assertThat(own).isEmpty();
    }

    @Test
    void aSpareIsMadeWhenNoMountWaits() throws Exception {
        List<Place> places = take(2);
        places.get(0).arrive();
        places.get(0).arrive();
        assertThat(own).isEmpty();
        places.get(1).arrive();
        FakeConnection spare = nextOwn();
        Thread preparing = Objects.requireNonNull(connections.preparing());
        assertThat(preparing.join(Duration.ofSeconds(60))).isTrue();
        kept.close();
        assertThat(take(8)).allMatch(place -> place.connection() == spare);
        assertThat(own).isEmpty();
    }

    @Test
    void whoEndsLeavesRoom() throws Exception {
        take(2);
        List<Place> places = take(8);
        FakeConnection first = nextOwn();
        places.get(3).close();
        places.get(3).close();
        assertThat(connections.take().connection()).isSameAs(first);
        assertThat(connections.take().connection()).isSameAs(nextOwn());
    }

    @Test
    void whatHasRefusedIsNotTriedAgain() throws Exception {
        Place refused = connections.take();
        assertThat(refused.connection()).isSameAs(kept);
        List<Place> places = take(1);
        refused.refused();
        assertThat(kept.isOpen()).as("others use it").isTrue();
        Place other = connections.take();
        FakeConnection first = nextOwn();
        assertThat(other.connection()).isSameAs(first);
        other.refused();
        assertThat(first.isOpen()).as("nobody uses it").isFalse();
        assertThat(connections.take().connection()).isSameAs(nextOwn());
        assertThat(places.getFirst().connection()).isSameAs(kept);
    }

    @Test
    void itsEndIsTheEndOfItsOwnConnections() throws Exception {
        take(3);
        FakeConnection first = nextOwn();
        connections.close();
        assertThat(first.isOpen()).isFalse();
        assertThat(kept.isOpen()).isTrue();
    }
}
