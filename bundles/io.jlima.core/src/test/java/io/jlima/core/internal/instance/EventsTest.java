// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.instance;

import static org.assertj.core.api.Assertions.assertThat;

import io.jlima.api.instance.InstanceEvent;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class EventsTest {
    private final Events events = new Events();

    private static InstanceEvent event(String text) {
        return new InstanceEvent.Trouble("x", Instant.EPOCH, text);
    }

    @Test
    void aWatcherThatFailsHarmsNobody() throws Exception {
        List<InstanceEvent> seen = new ArrayList<>();
        try (AutoCloseable first = events.watch(e -> {
                    throw new IllegalStateException("watcher");
                });
                AutoCloseable second = events.watch(e -> {
                    throw new NoClassDefFoundError("of a bundle that is gone");
                });
                AutoCloseable third = events.watch(seen::add)) {
            assertThat(List.of(first, second, third)).doesNotContainNull();
            events.publish(event("1"));
        }
        events.publish(event("2"));
        assertThat(seen).containsExactly(event("1"));
    }

    @Test
    void aWatcherMayLeaveWhileItIsTold() throws Exception {
        List<InstanceEvent> seen = new ArrayList<>();
        AutoCloseable[] own = new AutoCloseable[1];
        own[0] = events.watch(e -> {
            seen.add(e);
            try {
                own[0].close();
            } catch (Exception failure) {
                throw new IllegalStateException(failure);
            }
        });
        events.publish(event("1"));
        events.publish(event("2"));
        assertThat(seen).containsExactly(event("1"));
    }
}
