// SPDX-License-Identifier: Apache-2.0
package io.jlima.fileevents.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.jlima.api.guest.AgentSession.Change;
import java.nio.file.Path;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class ToldTest {
    private static final Path FILE = Path.of("/f");
    private static final Instant NOW = Instant.parse("2026-01-02T03:04:05Z");

    private final Told told = new Told();

    private static Facts facts(Instant modified, long size, String access, Instant seen) {
        return new Facts(modified, size, "inode", access, false, seen);
    }

    @Test
    void itsOwnEchoIsNoNews() {
        assertThat(told.news(FILE, facts(NOW, 1, "rw", NOW.plusMillis(30)))).containsExactly(Change.CONTENT);
        assertThat(told.news(FILE, facts(NOW, 1, "rw", NOW.plusMillis(40)))).isEmpty();
        assertThat(told.news(FILE, facts(NOW, 1, "rw", NOW.plusSeconds(40)))).isEmpty();
    }

    @Test
    void otherContentIsNews() {
        told.news(FILE, facts(NOW, 1, "rw", NOW.plusMillis(30)));
        assertThat(told.news(FILE, facts(NOW, 2, "rw", NOW.plusMillis(40)))).containsExactly(Change.CONTENT);
        assertThat(told.news(FILE, facts(NOW.plusMillis(50), 2, "rw", NOW.plusMillis(90))))
                .containsExactly(Change.CONTENT);
    }

    @Test
    void anotherModeIsNews() {
        told.news(FILE, facts(NOW, 1, "rw", NOW.plusMillis(30)));
        assertThat(told.news(FILE, facts(NOW, 1, "r", NOW.plusSeconds(9)))).containsExactly(Change.ATTRIBUTES);
        assertThat(told.news(FILE, facts(NOW, 1, "r", NOW.plusSeconds(9)))).isEmpty();
    }

    @Test
    void aFileOfTheSameMomentMayHaveChangedOnce() {
        told.news(FILE, facts(NOW, 1, "rw", NOW.plusMillis(1)));
        assertThat(told.news(FILE, facts(NOW, 1, "rw", NOW.plusMillis(30)))).containsExactly(Change.CONTENT);
        assertThat(told.news(FILE, facts(NOW, 1, "rw", NOW.plusMillis(60)))).isEmpty();
    }

    @Test
    void anOldFileThatNobodyKnewHasOtherAttributesOrAll() {
        assertThat(told.news(FILE, facts(NOW, 1, "rw", NOW.plusSeconds(60))))
                .containsExactly(Change.ATTRIBUTES, Change.CONTENT);
    }

    @Test
    void whatHasGoneMayComeAgain() {
        told.news(FILE, facts(NOW, 1, "rw", NOW.plusMillis(30)));
        told.forget(FILE);
        assertThat(told.news(FILE, facts(NOW, 1, "rw", NOW.plusMillis(40)))).containsExactly(Change.CONTENT);
    }
}
