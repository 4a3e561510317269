// SPDX-License-Identifier: Apache-2.0
package io.jlima.config.internal.edit;

import static org.assertj.core.api.Assertions.assertThat;

import io.jlima.config.internal.yaml.Mapping;
import io.jlima.config.internal.yaml.YamlText;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

class RewriterTest {
    private static final String COMMENTED = """
        # What this machine is for.

        images: # the first that fits
          # Debian, from its own server
          - location: "https://example.org/a.qcow2" # for PCs
            arch: "x86_64"
          - location: 'https://example.org/b.qcow2'
            arch: aarch64


        cpus: 2   # more is of no use
        memory: "4GiB"
        disk: null # the default

        mounts: # directories
        # - location: /old
          - location: "~"
            writable: false # look only
        env: {} # none yet
        dns: [1.1.1.1, 8.8.8.8] # in this order
        ssh: {localPort: 0, forwardAgent: false} # the way in
        provision:
          - mode: system # as root
            script: | # runs each time
              #!/bin/sh
              echo one   # not a comment of YAML

              echo two
        message: >-
          folded
          text

        # the end
        """;

    private static String edited(String text, Consumer<Map<String, @Nullable Object>> change) {
        Map<String, @Nullable Object> tree = PlainTrees.of(YamlText.read(text, "test.yaml"));
        change.accept(tree);
        Mapping wanted = PlainTrees.mapping(tree);
        String result = Rewriter.rewrite(text, "test.yaml", wanted);
        assertThat(PlainTrees.equal(YamlText.read(result, "result"), wanted))
                .as(result)
                .isTrue();
        return result;
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> map(@Nullable Object value) {
        return (Map<String, Object>) java.util.Objects.requireNonNull(value);
    }

    @SuppressWarnings("unchecked")
    private static List<Object> list(@Nullable Object value) {
        return (List<Object>) java.util.Objects.requireNonNull(value);
    }

    @Test
    void editingCpusChangesExactlyThatLine() {
        String result = edited(COMMENTED, t -> t.put("cpus", 8));
        List<String> before = COMMENTED.lines().toList();
        List<String> after = result.lines().toList();
        assertThat(after).hasSameSizeAs(before);
        List<String> changed = new ArrayList<>();
        for (int i = 0; i < before.size(); i++) {
            if (!before.get(i).equals(after.get(i))) {
                changed.add(before.get(i) + " -> " + after.get(i));
            }
        }
        assertThat(changed).containsExactly("cpus: 2   # more is of no use -> cpus: 8   # more is of no use");
    }

    private record Case(String name, Consumer<Map<String, @Nullable Object>> change, String from, String to) {}

    private static Case change(String name, Consumer<Map<String, @Nullable Object>> change, String from, String to) {
        return new Case(name, change, from, to);
    }

    /** In each, only the piece {@code from} of the text becomes {@code to}. */
    @TestFactory
    List<DynamicTest> onlyOnePieceChanges() {
        return List.of(
                        change("same", t -> t.put("cpus", 2), "cpus: 2 ", "cpus: 2 "),
                        change("quotes stay", t -> t.put("memory", "8GiB"), "\"4GiB\"", "\"8GiB\""),
                        change("null gets a value", t -> t.put("disk", "9GiB"), "null # the", "9GiB # the"),
                        change("a value gets null", t -> t.put("cpus", null), "cpus: 2  ", "cpus: null  "),
                        change(
                                "in a list",
                                t -> map(list(t.get("mounts")).getFirst()).put("writable", true),
                                "writable: false",
                                "writable: true"),
                        change(
                                "single quotes stay",
                                t -> map(list(t.get("images")).get(1)).put("location", "it's"),
                                "'https://example.org/b.qcow2'",
                                "'it''s'"),
                        change(
                                "a key more",
                                t -> map(list(t.get("mounts")).getFirst()).put("mountPoint", "/h"),
                                "writable: false # look only\n",
                                "writable: false # look only\n    mountPoint: /h\n"),
                        change(
                                "a key less",
                                t -> map(list(t.get("images")).getFirst()).remove("arch"),
                                "    arch: \"x86_64\"\n",
                                ""),
                        change(
                                "the key behind the dash",
                                t -> map(list(t.get("images")).get(1)).remove("location"),
                                "  - location: 'https://example.org/b.qcow2'\n    arch: aarch64",
                                "  - arch: aarch64"),
                        change(
                                "an item more",
                                t -> list(t.get("mounts")).add(Map.of("location", "/tmp")),
                                "writable: false # look only\n",
                                "writable: false # look only\n  - location: /tmp\n"),
                        change(
                                "an item before",
                                t -> list(t.get("mounts")).addFirst(Map.of("location", "/tmp")),
                                "  - location: \"~\"\n",
                                "  - location: /tmp\n  - location: \"~\"\n"),
                        change(
                                "an item less",
                                t -> list(t.get("images")).remove(1),
                                "  - location: 'https://example.org/b.qcow2'\n    arch: aarch64\n",
                                ""),
                        change(
                                "the first item less",
                                t -> list(t.get("images")).removeFirst(),
                                "  - location: \"https://example.org/a.qcow2\" # for PCs\n    arch: \"x86_64\"\n",
                                ""),
                        change("a list emptied", t -> t.put("dns", List.of()), "[1.1.1.1, 8.8.8.8]", "[]"),
                        change("brackets grow", t -> list(t.get("dns")).add("::1"), "8.8.8.8]", "8.8.8.8, \"::1\"]"),
                        change("brackets shrink", t -> list(t.get("dns")).removeLast(), "1.1.1.1, 8.8.8.8", "1.1.1.1"),
                        change("brackets lose", t -> list(t.get("dns")).removeFirst(), "1.1.1.1, 8.8.8.8", "8.8.8.8"),
                        change("braces change", t -> map(t.get("ssh")).put("localPort", 22022), "rt: 0", "rt: 22022"),
                        change(
                                "braces grow",
                                t -> map(t.get("ssh")).put("a b", "c,d"),
                                "nt: false",
                                "nt: false, a b: \"c,d\""),
                        change("braces lose", t -> map(t.get("ssh")).remove("localPort"), "localPort: 0, ", ""),
                        change(
                                "empty braces",
                                t -> map(t.get("env")).put("A", "1"),
                                "env: {} # none yet\n",
                                "env: # none yet\n  A: \"1\"\n"),
                        change(
                                "empty a list of lines",
                                t -> t.put("mounts", List.of()),
                                "mounts: # directories\n"
                                        + "# - location: /old\n"
                                        + "  - location: \"~\"\n"
                                        + "    writable: false # look only\n",
                                "mounts: [] # directories\n# - location: /old\n"),
                        change("a top-level key less", t -> t.remove("cpus"), "cpus: 2   # more is of no use\n", ""),
                        change("the first key less", t -> t.remove("memory"), "memory: \"4GiB\"\n", ""),
                        change("a top-level key more", t -> t.put("plain", true), "  text\n", "  text\nplain: true\n"),
                        change(
                                "a list more",
                                t -> t.put("probes", List.of(Map.of("mode", "readiness"))),
                                "  text\n",
                                "  text\nprobes:\n  - mode: readiness\n"),
                        change(
                                "a line of a script",
                                t -> map(list(t.get("provision")).getFirst())
                                        .put("script", "#!/bin/sh\necho 1\n\necho two\n"),
                                "echo one   # not a comment of YAML",
                                "echo 1"),
                        change(
                                "a script becomes a word",
                                t -> map(list(t.get("provision")).getFirst()).put("script", "true"),
                                "script: | # runs each time\n"
                                        + "      #!/bin/sh\n"
                                        + "      echo one   # not a comment of YAML\n\n"
                                        + "      echo two\n",
                                "script: \"true\" # runs each time\n"),
                        change("a folded text", t -> t.put("message", "x"), ">-\n  folded\n  text\n", "x\n"),
                        change(
                                "a word becomes lines",
                                t -> t.put("disk", "a\nb\n"),
                                "disk: null # the default\n",
                                "disk: | # the default\n  a\n  b\n"),
                        change(
                                "a word becomes a list",
                                t -> t.put("disk", List.of("a")),
                                "disk: null # the default\n",
                                "disk: # the default\n  - a\n"))
                .stream()
                .map(c -> DynamicTest.dynamicTest(c.name(), () -> {
                    assertThat(COMMENTED).containsOnlyOnce(c.from());
                    assertThat(edited(COMMENTED, c.change())).isEqualTo(COMMENTED.replace(c.from(), c.to()));
                }))
                .toList();
    }

    @Test
    void severalChangesAtOnce() {
        String result = edited(COMMENTED, t -> {
            t.put("cpus", 1);
            t.remove("message");
            t.put("vmType", "qemu");
            list(t.get("mounts")).clear();
            map(t.get("ssh")).clear();
        });
        assertThat(result).contains("cpus: 1   # more is of no use", "ssh: {} # the way in", "vmType: qemu\n");
        assertThat(COMMENTED
                        .lines()
                        .filter(l -> l.strip().startsWith("#") && !l.contains("!"))
                        .toList())
                .allSatisfy(comment -> assertThat(result).contains(comment));
    }

    @Test
    void textsWithoutValuesGetThem() {
        assertThat(edited("# only this\n", t -> t.put("cpus", 1))).isEqualTo("# only this\ncpus: 1\n");
        assertThat(edited("", t -> t.put("cpus", 1))).isEqualTo("cpus: 1\n");
        assertThat(edited("cpus:\nmemory:", t -> t.put("cpus", 1))).isEqualTo("cpus: 1\nmemory:");
        assertThat(edited("cpus:\nmounts:", t -> t.put("mounts", List.of("a")))).isEqualTo("cpus:\nmounts:\n- a");
        assertThat(edited("{cpus: 1}", t -> t.put("disk", "1"))).isEqualTo("{cpus: 1, disk: \"1\"}");
        assertThat(edited("---\ncpus: 1\n...\n", t -> t.put("disk", "1GiB")))
                .isEqualTo("---\ncpus: 1\ndisk: 1GiB\n...\n");
    }

    @Test
    void commentsStayEvenWhenNoEntryDoes() {
        assertThat(edited("# a\nbase: x # b\n# c\n", t -> {
                    t.remove("base");
                    t.put("cpus", 1);
                }))
                .isEqualTo("# a\ncpus: 1\n# c\n");
        assertThat(edited("# a\nbase: x\n# c\n", Map::clear)).isEqualTo("# a\n# c\n");
        assertThat(edited("base: x\n# c\n", t -> {
                    t.remove("base");
                    t.put("cpus", 1);
                }))
                .contains("cpus: 1\n");
    }

    @Test
    void lineEndsOfTheTextAreKept() {
        assertThat(edited("cpus: 1 # a\r\nmounts:\r\n- a\r\n# b\r\n", t -> {
                    t.put("cpus", 2);
                    list(t.get("mounts")).add("c");
                    t.put("env", Map.of("A", "x"));
                }))
                .isEqualTo("cpus: 2 # a\r\nmounts:\r\n- a\r\n- c\r\nenv:\r\n  A: x\r\n# b\r\n");
    }

    @Test
    void dashesStandAsTheyStoodBefore() {
        assertThat(edited("dns:\n- a # x\n", t -> t.put("mounts", List.of(Map.of("location", "b", "mountPoint", "c")))))
                .startsWith("dns:\n- a # x\nmounts:\n- ");
    }

    @Test
    void sharedValuesAreChangedWhereTheyAreMeant() {
        String aliases = "env: &e\n  A: x # one\nparam: *e # same\ncpus: 1 # c\n";
        assertThat(edited(aliases, t -> t.put("cpus", 2))).isEqualTo(aliases.replace("cpus: 1", "cpus: 2"));
        assertThat(edited(aliases, t -> map(t.get("param")).put("A", "y"))).doesNotContain("*e");
        String merged = "env: &e {A: x}\nparam:\n  <<: *e\n  B: z # b\n";
        assertThat(edited(merged, t -> map(t.get("param")).put("B", "w"))).isEqualTo(merged.replace("z", "w"));
    }

    @Test
    void lettersBeyondTheBasicPlaneDoNotShiftPlaces() {
        assertThat(edited(
                        "# \uD83D\uDE00\nmessage: \"\uD83D\uDE00\" # \uD83D\uDE00\ncpus: 1 # x\n",
                        t -> t.put("cpus", 3)))
                .isEqualTo("# \uD83D\uDE00\nmessage: \"\uD83D\uDE00\" # \uD83D\uDE00\ncpus: 3 # x\n");
    }
}
