// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.jlima.cli.internal.command.FakeInvocation;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ColoursTest {
    private static final Colours ON = Colours.of(at("_LIMA_OUTPUT_IS_TTY", "1"));

    private static FakeInvocation at(String... variables) {
        FakeInvocation call = new FakeInvocation();
        for (int i = 0; i < variables.length; i += 2) {
            call.variables.put(variables[i], variables[i + 1]);
        }
        return call;
    }

    /** Colours as they are easily read here: {@code <36:...>}. */
    private static String shown(String text) {
        return text.replaceAll("\u001b\\[0m", ">").replaceAll("\u001b\\[([0-9]+)m", "<$1:");
    }

    private static Map<String, Object> tree() {
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("name", "a");
        tree.put("n", null);
        tree.put("cpus", 4);
        tree.put("neg", -3);
        tree.put("on", true);
        tree.put("quoted", "say \"hi\" \\ back\n");
        tree.put("mounts", List.of(Map.of("location", "~"), Map.of("writable", false)));
        tree.put("strings", List.of("b: c", "1"));
        tree.put("numbers", Arrays.asList(1, 2.5, null));
        tree.put("last", List.of(7));
        tree.put("nothing", List.of());
        return tree;
    }

    @Test
    void jsonIsByteForByteWhatYqPrints() {
        // Made by Lima's version of yq, with an indent of 4 and colours.
        assertThat(shown(ON.json(Json.pretty(tree(), 4)))).isEqualTo("""
                {<36:>
                <36:    "name">:<32: "a">,<36:>
                <36:    "n">: null,<36:>
                <36:    "cpus">:<95: 4>,<36:>
                <36:    "neg">:<95: -3>,<36:>
                <36:    "on">:<95: true>,<36:>
                <36:    "quoted">:<32: "say \\"hi\\" \\\\ back\\n">,<36:>
                <36:    "mounts">: [
                        {<36:>
                <36:            "location">:<32: "~">
                        },
                        {<36:>
                <36:            "writable">:<95: false>
                <95:        >}
                    ],<36:>
                <36:    "strings">: [<32:>
                <32:        "b: c">,<32:>
                <32:        "1">
                    ],<36:>
                <36:    "numbers">: [<95:>
                <95:        1>,<95:>
                <95:        2.5>,
                        null
                    ],<36:>
                <36:    "last">: [<95:>
                <95:        7>
                <95:    >],<36:>
                <36:    "nothing">: []
                }""");
    }

    @Test
    void yamlHasColoursForKeysValuesAndComments() {
        String text = """
                # head
                base:
                - template:_images/ubuntu
                images: &im
                  # x
                - location: "https://a/b#c"   # tail
                  'arch': x86_64
                mounts: []
                again: *im
                nothing: null
                on: true
                version: 2.0.0
                size: 4.5 # GiB
                a#b: c#d
                script: |-
                  #!/bin/sh
                  a: b

                  # c
                - - |
                   deep: er
                  k: 'q''q'
                open: "two
                  lines"
                tagged: !!str 1
                """;
        assertThat(shown(ON.yaml(text))).isEqualTo("""
                <90:# head>
                <36:base>:
                - <32:template:_images/ubuntu>
                <36:images>: <93:&im>
                  <90:# x>
                - <36:location>: <32:"https://a/b#c"><90:   # tail>
                  <36:'arch'>: <32:x86_64>
                <36:mounts>: []
                <36:again>: <93:*im>
                <36:nothing>: null
                <36:on>: <95:true>
                <36:version>: <32:2.0.0>
                <36:size>: <95:4.5><90: # GiB>
                <36:a#b>: <32:c#d>
                <36:script>: |-
                <32:  #!/bin/sh>
                <32:  a: b>

                <32:  # c>
                - - |
                <32:   deep: er>
                  <36:k>: <32:'q''q'>
                <36:open>: <32:"two>
                  <32:lines">
                <36:tagged>: !!str <95:1>
                """);
    }

    @Test
    void theTextIsTheSameWithoutThem() {
        String yaml = YamlText.of(tree());
        assertThat(ON.yaml(yaml).replaceAll("\u001b\\[[0-9]+m", "")).isEqualTo(yaml);
        String json = Json.pretty(tree(), 4);
        assertThat(ON.json(json).replaceAll("\u001b\\[[0-9]+m", "")).isEqualTo(json);
        String long_ = Json.compact("\\\"\n".repeat(100_000));
        assertThat(ON.json(long_)).hasSize(long_.length() + 9);
        assertThat(ON.yaml("a: " + long_ + "\n")).hasSize(long_.length() + 4 + 18);
    }

    @Test
    void onlyATerminalHasColours() {
        for (Colours off : List.of(
                Colours.of(at()),
                Colours.of(at("_LIMA_OUTPUT_IS_TTY", "")),
                Colours.of(at("TERM", "xterm-256color")))) {
            assertThat(off.atTerminal()).isFalse();
            assertThat(off.json("{\"a\": 1}")).isEqualTo("{\"a\": 1}");
            assertThat(off.yaml("a: 1\n")).isEqualTo("a: 1\n");
        }
        Colours unwanted = Colours.of(at("_LIMA_OUTPUT_IS_TTY", "1", "NO_COLOR", "1"));
        assertThat(unwanted.atTerminal()).isTrue();
        assertThat(unwanted.json("{\"a\": 1}")).isEqualTo("{\"a\": 1}");
        assertThat(unwanted.yaml("a: 1\n")).isEqualTo("a: 1\n");
    }
}
