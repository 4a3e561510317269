// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class YamlTextTest {
    @Test
    void blocks() {
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("name", "foo");
        tree.put("list", List.of(Map.of("a", 1), "x", List.of(1, 2), List.of()));
        tree.put("map", Map.of("b", Map.of("c", true)));
        tree.put("none", Map.of());
        assertThat(YamlText.of(tree)).isEqualTo("""
                name: foo
                list:
                - a: 1
                - x
                - - 1
                  - 2
                - []
                map:
                  b:
                    c: true
                none: {}
                """);
    }

    @Test
    void wordsThatMeanSomethingElseAreQuoted() {
        for (String word : List.of(
                "",
                "yes",
                "No",
                "null",
                "~",
                "1",
                "0x1",
                "1.5",
                "-a",
                "a: b",
                "a #b",
                "{x}",
                "[",
                "*a",
                "&a",
                " a",
                "a ",
                "a\nb",
                "!t",
                "%",
                "@",
                "'",
                "\"",
                "2026-01-01",
                "on",
                "TRUE",
                ".5",
                "x:")) {
            assertThat(YamlText.of(word)).as(word).startsWith("\"").endsWith("\"\n");
        }
        for (String word : List.of("a", "/home/x", "a b", "lima-foo", "qemu", "x86_64", "~/a")) {
            assertThat(YamlText.of(word)).isEqualTo(word + "\n");
        }
    }
}
