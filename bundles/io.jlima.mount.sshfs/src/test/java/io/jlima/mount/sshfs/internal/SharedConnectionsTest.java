// SPDX-License-Identifier: Apache-2.0
package io.jlima.mount.sshfs.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.jlima.api.ssh.SshConnection;
import io.jlima.mount.sshfs.internal.SharedConnections.Place;
import io.jlima.testing.BareConnection;
import io.jlima.testing.BareGuest;
import io.jlima.testing.Configs;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SharedConnectionsTest {
    /** All that were made for mounts alone, in their order. */
    private final LinkedBlockingQueue<BareConnection> own = new LinkedBlockingQueue<>();

    private BareConnection kept = new BareConnection();
    private final SharedConnections connections = new SharedConnections(new ReachedGuest());

    /** A guest that is up, and gives connections whenever it is asked. */
    private final class ReachedGuest extends BareGuest {
        ReachedGuest() {
            super("fake", Path.of("/"), Configs.with(), null);
        }

        @Override
        public CompletionStage<Void> up() {
            return CompletableFuture.completedFuture(null);
        }

        @Override
        public SshConnection connection() {
            if (!kept.isOpen()) {
                kept = new BareConnection();
            }
            return kept;
        }

        @Override
        public SshConnection ownConnection() {
            BareConnection fresh = new BareConnection();
            own.add(fresh);
            return fresh;
        }
    }

    @AfterEach
    void close() {
        connections.close();
    }

    private List<Place> take(int count) throws InterruptedException {
        List<Place> places = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            places.add(connections.take());
        }
        return places;
    }

    private BareConnection nextOwn() throws InterruptedException {
        BareConnection next = own.poll(60, TimeUnit.SECONDS);
        assertThat(next).as("one more connection").isNotNull();
        return Objects.requireNonNull(next);
    }

    @Test
    void theFirstGoByTheKeptConnectionAndTheOthersByTheirOwn() throws Exception {
        List<Place> places = take(11);
        assertThat(places.subList(0, 2)).allMatch(place -> place.connection() == kept);
        BareConnection first = nextOwn();
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
        BareConnection spare = nextOwn();
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
        BareConnection first = nextOwn();
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
        BareConnection first = nextOwn();
        assertThat(other.connection()).isSameAs(first);
        other.refused();
        assertThat(first.isOpen()).as("nobody uses it").isFalse();
        assertThat(connections.take().connection()).isSameAs(nextOwn());
        assertThat(places.getFirst().connection()).isSameAs(kept);
    }

    @Test
    void itsEndIsTheEndOfItsOwnConnections() throws Exception {
        take(3);
        BareConnection first = nextOwn();
        connections.close();
        assertThat(first.isOpen()).isFalse();
        assertThat(kept.isOpen()).isTrue();
    }
}
