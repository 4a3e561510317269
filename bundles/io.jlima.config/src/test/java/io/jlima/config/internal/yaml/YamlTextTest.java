// SPDX-License-Identifier: Apache-2.0
package io.jlima.config.internal.yaml;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jlima.api.LimaException;
import io.jlima.config.internal.yaml.Node.Scalar;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class YamlTextTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '§',
            value = {
                "true         | BOOL  | true",
                "True         | BOOL  | true",
                "FALSE        | BOOL  | false",
                "tRue         | TEXT  | tRue",
                "yes          | TEXT  | yes",
                "on           | TEXT  | on",
                "no           | TEXT  | no",
                "~            | NULL  | ~",
                "null         | NULL  | null",
                "NULL         | NULL  | NULL",
                "nULL         | TEXT  | nULL",
                "0            | INT   | 0",
                "0755         | INT   | 493",
                "-010         | INT   | -8",
                "0899         | TEXT  | 0899",
                "0o17         | INT   | 15",
                "0x1F         | INT   | 31",
                "0b11         | TEXT  | 0b11",
                "1_000        | TEXT  | 1_000",
                "1:30         | TEXT  | 1:30",
                "-7           | INT   | -7",
                "+7           | INT   | 7",
                "2.0          | FLOAT | 2",
                "1.5e3        | FLOAT | 1500",
                ".5           | FLOAT | 0.5",
                ".inf         | FLOAT | .inf",
                "1e400        | FLOAT | 1e400",
                "2024-01-01   | TEXT  | 2024-01-01",
                "4GiB         | TEXT  | 4GiB",
                "\"true\"     | TEXT  | true",
                "'12'         | TEXT  | 12",
                "!!str 12     | TEXT  | 12",
                "!!int 12     | INT   | 12",
                "!!binary aGk=| TEXT  | hi",
                "=            | TEXT  | =",
                "a b          | TEXT  | a b",
            })
    void scalarsFollowYaml12(String written, Node.Kind kind, String text) {
        Node value =
                Objects.requireNonNull(YamlText.read("key: " + written, "f").get("key"));
        assertThat(value).isInstanceOf(Scalar.class);
        assertThat(((Scalar) value).kind()).isEqualTo(kind);
        assertThat(((Scalar) value).text()).isEqualTo(text);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '§',
            value = {
                "a: 1\\na: 2                 | f:2:1:  | line 1",
                "x:\\n  b: 1\\n  c: 2\\n  b: 3 | f:4:3:  | second time",
                "a: [1, 2                    | f:1:4:  | close",
                "a: b: c                     | f:1:5:  | quotes",
                "a:\\n\\t- b                 | f:2:1:  | blanks",
                "a: \"open                   | f:1:4:  | close",
                "a: *nowhere                 | f:1:4:  | anchor",
                "a: @home                    | f:1:4:  | quotes",
                "a: 1\\n---\\nb: 2           | f:2:1:  | one document",
                "- a                         | f:1:1:  | mapping",
                "text                        | f:1:1:  | cpus",
                "a: !foo b                   | f:1:4:  | tag",
                "a: !!int x                  | f:1:4:  | tag",
                "a: !!binary '*'             | f:1:4:  | base64",
                "a: &x [*x]                  | f:1:4:  | contains itself",
                "? [a]\\n: b                 | f:1:3:  | key",
                "~: b                        | f:1:1:  | key",
                "a: 1\\n b: 2                | f:2:    | f:2:",
            })
    void errorsNameThePlaceAndWhatWouldBeRight(String text, String place, String right) {
        assertThatThrownBy(() -> YamlText.read(text.replace("\\n", "\n").replace("\\t", "\t"), "f"))
                .isInstanceOf(LimaException.class)
                .hasMessageStartingWith(place)
                .hasMessageContaining(right);
    }

    @Test
    void errorsShowTheOffendingLine() {
        assertThatThrownBy(() -> YamlText.read("ok: 1\nkey: [broken\nmore: 2\n", "f"))
                .hasMessageContaining("more: 2");
    }

    @Test
    void controlCharactersAreNamedAndNotRepeated() {
        assertThatThrownBy(() -> YamlText.read("a: 1\nbc: x\u001b[31m\n", "f"))
                .hasMessageStartingWith("f:2:6: ")
                .hasMessageContaining("U+001B")
                .hasMessageContaining("bc: x\\u001b[31m")
                .hasMessageNotContaining("\u001b");
    }

    @ParameterizedTest
    @ValueSource(strings = {"a: 1\r\nb: [", "a: 1\rb: ["})
    void everyLineEndCounts(String text) {
        assertThatThrownBy(() -> YamlText.read(text, "f")).hasMessageStartingWith("f:2:");
    }

    static Stream<String> bombs() {
        StringBuilder laughs = new StringBuilder("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for (int i = 1; i < 10; i++) {
            laughs.append("a%d: &a%d [%s]\n".formatted(i, i, ("*a" + (i - 1) + ", ").repeat(9) + "x"));
        }
        StringBuilder doubling = new StringBuilder("a0: &a0 {k: v}\n");
        for (int i = 1; i < 40; i++) {
            doubling.append("a%1$d: &a%1$d {l: *a%2$d, r: *a%2$d}\n".formatted(i, i - 1));
        }
        StringBuilder indented = new StringBuilder();
        for (int i = 0; i < 2000; i++) {
            indented.append(" ".repeat(i)).append("a:\n");
        }
        return Stream.of(
                laughs.toString(),
                doubling.toString(),
                "a: " + "[".repeat(10_000),
                "a: " + "[".repeat(10_000) + "]".repeat(10_000),
                "a: " + "{a: ".repeat(10_000),
                "- ".repeat(10_000) + "x",
                indented.toString(),
                "a: [" + "1,".repeat(1_000_000) + "]",
                "a: " + "x".repeat(YamlText.LONGEST),
                "a: " + "ä".repeat(YamlText.LONGEST / 2));
    }

    @ParameterizedTest(name = "{index}")
    @MethodSource("bombs")
    void hostileTextsAreRefused(String text) {
        assertThatThrownBy(() -> YamlText.read(text, "f"))
                .isInstanceOf(LimaException.class)
                .hasMessageStartingWith("f")
                .satisfies(e -> assertThat(e.getMessage()).hasSizeLessThan(1000));
    }

    @Test
    void aliasesAndMergeKeysWork() {
        Mapping root = YamlText.read("x: &x {a: 1, b: 2}\ny: *x\nz:\n  <<: *x\n  b: 3\nw: {<<: [{a: 9}, *x]}\n", "f");
        assertThat(root.section("y").text("b")).isEqualTo("2");
        assertThat(root.section("z").text("a")).isEqualTo("1");
        assertThat(root.section("z").text("b")).isEqualTo("3");
        assertThat(root.section("w").text("a")).isEqualTo("9");
        assertThat(root.section("w").text("b")).isEqualTo("2");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "# only a comment\n", "---\n", "~", "\uFEFF"})
    void nothingIsAnEmptyMapping(String text) {
        assertThat(YamlText.read(text, "f").entries()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "a: '0o17'\nb: 'true'\nc: '1e3'\nd: 'null'\ne: ''\nf: '~'",
                "a: yes\nb: 2024-01-01\nc: 1:30\nd: 0x10\ne: 1.5\nf: null\ng: true",
                "s: |\n  #!/bin/sh\n  echo \"$HOME\"\n\n  exit 0\nt: \"a\\tb\\u0007\\n c\"\n",
                "l: []\nm: {}\nn: [{a: [1, [2]]}, {}]\n",
                "'a: b': '- x'\n'#': '@'\n'': ' lead'\nk: 'trail '\nj: \"\\n\"\ni: \"x\\n\\n\"",
                "u: \"\\u00e9 \\U0001F600 \\u0085 \\u2028\"",
            })
    void whatIsWrittenReadsBackTheSame(String text) {
        Mapping once = YamlText.read(text, "f");
        Mapping twice = YamlText.read(YamlWriter.write(once), "g");
        assertThat(shape(twice)).isEqualTo(shape(once));
    }

    private static String shape(Node node) {
        return switch (node) {
            case Scalar scalar -> scalar.kind() + ":" + (scalar.isNull() ? "" : scalar.text());
            case Node.Sequence sequence ->
                sequence.items().stream().map(YamlTextTest::shape).toList().toString();
            case Mapping mapping ->
                mapping.entries().entrySet().stream()
                        .map(e -> e.getKey() + "=" + shape(e.getValue()))
                        .toList()
                        .toString();
        };
    }

    @Test
    void aCommentThatTheParserTakesForAKeyIsNoReasonToRefuseAText() {
        String text = "images: [{# of the day\n  location: /i}]\n";

        assertThat(YamlText.readWithComments(text, "x.yaml").get("images")).isNotNull();
    }

    @Test
    void aCommentThatTheEmitterStumblesOverIsLeftOut() {
        String text = "k".repeat(200) + ": # nothing\n";

        assertThat(YamlWriter.write(YamlText.readWithComments(text, "x.yaml"))).startsWith("? kkk");
    }
}
