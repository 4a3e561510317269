// SPDX-License-Identifier: Apache-2.0
package io.jlima.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.slf4j.event.Level;

class LineLoggerTest {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);

    private List<String> lines() {
        return bytes.toString(StandardCharsets.UTF_8).lines().toList();
    }

    @Test
    void aLineSaysWhenHowBadWhoAndWhat() {
        LineLogger log = new LineLogger("io.jlima.core.Platform", out);
        log.info("{} of {}: {}", "a", 2, null);
        log.warn("plain");
        log.debug("hidden");
        log.trace("hidden");
        assertThat(lines()).hasSize(2);
        assertThat(lines().get(0))
                .matches("20\\d\\d-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d{3})?Z INFO Platform - a of 2: null");
        assertThat(lines().get(1)).endsWith(" WARN Platform - plain");
    }

    @Test
    void anErrorComesWithItsTrace() {
        new LineLogger("short", out).error("it broke: {}", "here", new IllegalStateException("why"));
        assertThat(lines().get(0)).endsWith(" ERROR short - it broke: here");
        assertThat(lines().get(1)).isEqualTo("java.lang.IllegalStateException: why");
        assertThat(lines().get(2)).startsWith("\tat io.jlima.launcher.LineLoggerTest.");
    }

    @Test
    void whatTheSshLibraryThinksOfFailedTriesIsNotShown() {
        LineLogger log = new LineLogger("org.apache.sshd.client.session.ClientSessionImpl", out);
        log.warn("a try");
        log.error("a fault");
        assertThat(lines()).singleElement().asString().endsWith("ERROR ClientSessionImpl - a fault");
        assertThat(log.isWarnEnabled()).isFalse();
    }

    @ParameterizedTest
    @CsvSource({"DEBUG, DEBUG", "debug, DEBUG", "Warn, WARN", "loud, INFO", "'', INFO"})
    void aWordThatIsNoLevelIsTheUsualOne(String word, Level level) {
        assertThat(LineLogger.level(word)).isEqualTo(level);
    }
}
