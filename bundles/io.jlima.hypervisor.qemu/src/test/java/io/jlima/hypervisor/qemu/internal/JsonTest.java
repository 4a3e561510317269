// SPDX-License-Identifier: Apache-2.0
package io.jlima.hypervisor.qemu.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonTest {
    @Test
    void readsEachKindOfValue() {
        assertThat(Json.read(" {\"a\": [1, -2.5e3, true, false, null, \"x\"], \"b\": {}, \"c\": []}\r\n"))
                .isEqualTo(
                        Map.of("a", List.of(1L, -2500.0, true, false, Json.NULL, "x"), "b", Map.of(), "c", List.of()));
        assertThat(Json.read("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e4\\ud83d\\ude00\""))
                .isEqualTo("\"\\/\b\f\n\r\tä😀");
        assertThat(Json.read("123456789012345678901234567890")).isEqualTo(1.2345678901234568e29);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "{",
                "[1,]",
                "{\"a\"}",
                "{\"a\":1,}",
                "nul",
                "1 2",
                "\"open",
                "\"\\x\"",
                "\"\\u12g4\"",
                "01x",
                "-",
                "1e",
                "{a:1}",
                "\"line\nbreak\""
            })
    void refusesWhatIsNone(String text) {
        assertThatThrownBy(() -> Json.read(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("not JSON")
                .hasMessageContaining("offset");
    }

    @Test
    void refusesEndlessNesting() {
        assertThatThrownBy(() -> Json.read("[".repeat(100_000)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("nesting");
        assertThat(Json.read("[".repeat(64) + "]".repeat(64))).isInstanceOf(List.class);
    }

    @Test
    void writesWhatItReads() {
        Map<String, Object> value =
                Map.of("a\"\\\n", List.of(1L, 2.5, true, Json.NULL, "ä😀\u0001", Map.of(), List.of()));

        assertThat(Json.read(Json.write(value))).isEqualTo(value);
        assertThat(Json.write(value)).doesNotContain("\n");
    }
}
