// SPDX-License-Identifier: Apache-2.0
package io.jlima.fileevents.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PendingTest {
    private static final Path DIRECTORY = Path.of("/d");
    private static final Path FILE = Path.of("/d/f");
    private static final long QUIET = Pending.QUIET.toNanos();
    private static final long LONGEST = Pending.LONGEST.toNanos();

    private final Pending pending = new Pending(0);

    @Test
    void manyChangesAreOne() {
        long now = 0;
        for (int i = 0; i < 5; i++, now += QUIET / 2) {
            assertThat(pending.add(FILE, DIRECTORY, now)).isTrue();
            assertThat(pending.due(now)).isEmpty();
        }
        now -= QUIET / 2;
        assertThat(pending.delay(now)).isEqualTo(QUIET);
        assertThat(pending.due(now + QUIET)).containsExactly(FILE);
        assertThat(pending.isEmpty()).isTrue();
    }

    @Test
    void whatIsNeverQuietIsToldAllTheSame() {
        List<Long> told = new ArrayList<>();
        for (long now = 0; now <= 2 * LONGEST; now += QUIET / 5) {
            pending.add(FILE, DIRECTORY, now);
            if (!pending.due(now).isEmpty()) {
                told.add(now);
            }
        }
        assertThat(told).isNotEmpty().hasSizeLessThanOrEqualTo(2);
        assertThat(told.getFirst()).isGreaterThanOrEqualTo(LONGEST).isLessThan(LONGEST + QUIET);
    }

    @Test
    void theOldestFirstAndSoManyASecond() {
        List<Path> files = IntStream.range(0, 2000)
                .mapToObj(i -> DIRECTORY.resolve("f" + i))
                .toList();
        files.forEach(file -> pending.add(file, DIRECTORY, 0));
        long second = Duration.ofSeconds(1).toNanos();
        assertThat(pending.due(second)).isEqualTo(files.subList(0, Pending.PER_SECOND));
        assertThat(pending.due(second)).isEmpty();
        assertThat(pending.delay(second)).isPositive().isLessThan(second / 100);
        assertThat(pending.due(second + second / 2)).hasSize(Pending.PER_SECOND / 2);
        // What was not used is not saved up.
        assertThat(pending.due(10 * second)).hasSize(Pending.PER_SECOND);
    }

    @Test
    void whenThereAreTooManyTheirDirectoryHasToDo() {
        for (int i = 0; i < Pending.MOST_FILES; i++) {
            assertThat(pending.add(DIRECTORY.resolve("f" + i), DIRECTORY, 0)).isTrue();
        }
        assertThat(pending.add(FILE, DIRECTORY, 0)).isFalse();
        assertThat(pending.isNewlyCrowded()).isTrue();
        assertThat(pending.add(FILE, DIRECTORY, 0)).isFalse();
        assertThat(pending.isNewlyCrowded()).isFalse();
        List<Path> told = new ArrayList<>();
        for (long now = LONGEST; !pending.isEmpty(); now += LONGEST) {
            told.addAll(pending.due(now));
        }
        assertThat(told).hasSize(Pending.MOST_FILES + 1).contains(DIRECTORY).doesNotContain(FILE);
        assertThat(pending.isNewlyCrowded()).isTrue();
    }
}
