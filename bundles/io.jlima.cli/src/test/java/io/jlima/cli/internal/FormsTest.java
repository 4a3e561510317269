// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jlima.api.LimaException;
import io.jlima.api.Progress;
import io.jlima.api.command.Invocation.Streams;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The forms in which things are shown. */
class FormsTest {
    @ParameterizedTest
    @CsvSource({
        "0, 0B",
        "1023, 1023B",
        "1024, 1KiB",
        "1536, 1.5KiB",
        "4294967296, 4GiB",
        "107374182400, 100GiB",
        "4125316710, 3.842GiB",
        "1099511627776, 1TiB",
        "9223372036854775807, 8EiB"
    })
    void sizes(long bytes, String text) {
        assertThat(Sizes.text(bytes)).isEqualTo(text);
    }

    @Test
    void json() {
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("z", Arrays.asList(1, 2.5, true, null));
        tree.put("a\"b", "line\nnext\t\\ \u0001\u007f ä€😀");
        tree.put("m", Map.of());
        tree.put("l", List.of());
        assertThat(Json.compact(tree))
                .isEqualTo(
                        "{\"z\":[1,2.5,true,null],\"a\\\"b\":\"line\\nnext\\t\\\\ \\u0001\\u007f ä€😀\",\"m\":{},\"l\":[]}");
        assertThat(Json.pretty(Map.of("a", List.of(Map.of("b", 1))), 2))
                .isEqualTo("{\n  \"a\": [\n    {\n      \"b\": 1\n    }\n  ]\n}");
        assertThat(Json.compact(null)).isEqualTo("null");
    }

    private static LogLines lines(FakeCaller caller, String... flags) {
        return new LogLines(caller, CommandLine.global(List.of(flags)));
    }

    @Test
    void textLines() {
        FakeCaller caller = new FakeCaller();
        LogLines lines = lines(caller);
        lines.info("two words");
        lines.warn("say \"hi\"\nand\tmore");
        lines.info("bare/._@^+-");
        lines.line(LogLines.Level.DEBUG, "hidden");
        assertThat(caller.errText().replaceAll("\\d\\d\\d\\d-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ", "T"))
                .isEqualTo("""
                        time="T" level=info msg="two words"
                        time="T" level=warning msg="say \\"hi\\""
                          and	more
                        time="T" level=info msg=bare/._@^+-
                        """);
        assertThat(caller.outText()).isEmpty();
    }

    @Test
    void timesAreTheCallers() {
        FakeCaller caller = new FakeCaller();
        caller.variables.put("TZ", "Asia/Kolkata");
        lines(caller).info("x");
        assertThat(caller.errText()).contains("+05:30\"");
        FakeCaller odd = new FakeCaller();
        odd.variables.put("TZ", "no such zone");
        lines(odd).info("x");
        assertThat(odd.errText()).contains("Z\"");
    }

    @Test
    void terminalLines() {
        FakeCaller caller = new FakeCaller();
        caller.streams = new Streams(true, true, true, 80, 24);
        lines(caller).info("say \"hi\"");
        lines(caller).line(LogLines.Level.FATAL, "x");
        assertThat(caller.errText())
                .isEqualTo("\u001b[36mINFO\u001b[0m[0000] say \"hi\"\n\u001b[31mFATA\u001b[0m[0000] x\n");
        FakeCaller plain = new FakeCaller();
        plain.streams = caller.streams;
        plain.variables.put("NO_COLOR", "1");
        lines(plain).warn("x");
        assertThat(plain.errText()).isEqualTo("WARN[0000] x\n");
        FakeCaller unset = new FakeCaller();
        unset.streams = caller.streams;
        unset.variables.put("NO_COLOR", "");
        lines(unset).warn("x");
        assertThat(unset.errText()).as("empty is unset").contains("\u001b[33m");
    }

    @Test
    void nobodySpeaksToTheTerminal() {
        LimaException error = new LimaException("a\u001b[2J", "b\u009b2J\nc", "d\u202e", null);
        FakeCaller caller = new FakeCaller();
        caller.streams = new Streams(true, true, true, 80, 24);
        caller.variables.put("NO_COLOR", "1");
        lines(caller).error(error);
        lines(caller).warn("e\rf\tg");
        assertThat(caller.errText().replaceAll("\\[\\d{4}]", ""))
                .isEqualTo("FATA a?[2J\n  b?2J\n  c\nHint: d?\nWARN e?f\tg\n");
        FakeCaller other = new FakeCaller();
        lines(other).error(error);
        assertThat(other.errText()).endsWith("msg=\"a?[2J\"\n  b?2J\n  c\nHint: d?\n");
    }

    @Test
    void jsonLines() {
        FakeCaller caller = new FakeCaller();
        caller.streams = new Streams(true, true, true, 80, 24);
        LogLines lines = lines(caller, "--log-format=json");
        lines.info("a \"b\"");
        lines.error(new LimaException("what", "evidence", "remedy", null));
        assertThat(caller.errText().replaceAll("\"time\":\"[^\"]+\"", "T")).isEqualTo("""
                {"level":"info","msg":"a \\"b\\"",T}
                {"level":"fatal","msg":"what",T}
                {"level":"error","msg":"evidence",T}
                {"level":"info","msg":"remedy",T}
                """);
    }

    @Test
    void errorsShowAllTheirParts() {
        FakeCaller caller = new FakeCaller();
        lines(caller).error(new LimaException("it broke", "line 1\nline 2\n", "mend it", null));
        assertThat(caller.errText().replaceFirst("time=\"[^\"]+\"", "T"))
                .isEqualTo("T level=fatal msg=\"it broke\"\n  line 1\n  line 2\nHint: mend it\n");
    }

    @ParameterizedTest
    @CsvSource({"trace, 5", "debug, 5", "info, 4", "WARN, 3", "warning, 3", "error, 2", "fatal, 1", "panic, 1"})
    void levels(String level, int shown) {
        FakeCaller caller = new FakeCaller();
        LogLines lines = lines(caller, "--log-level", level);
        for (LogLines.Level each : LogLines.Level.values()) {
            lines.line(each, "x");
        }
        assertThat(caller.errText().lines()).hasSize(shown);
    }

    @Test
    void wrongFormsAreRefused() {
        assertThatThrownBy(() -> lines(new FakeCaller(), "--log-level=loud"))
                .hasMessage("not a valid log level: `loud`\nUse trace, debug, info, warn, error or fatal");
        assertThatThrownBy(() -> lines(new FakeCaller(), "--log-format=xml"))
                .hasMessage("unsupported log-format: `xml`\nUse text or json");
    }

    @Test
    void workIsNamedOnceWhereThereIsNoTerminal() {
        FakeCaller caller = new FakeCaller();
        try (Progress.Task task = lines(caller).begin("Downloading", 100)) {
            task.advance(1);
            task.advance(100);
            task.note("x");
        }
        assertThat(caller.errText().lines()).singleElement().asString().endsWith("level=info msg=Downloading");
    }
}
