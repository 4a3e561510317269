// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jlima.api.LimaException;
import io.jlima.api.command.CommandSpec;
import io.jlima.api.command.CommandSpec.Group;
import io.jlima.api.command.CommandSpec.Option;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class CommandLineTest {
    private static final CommandSpec SPEC = CommandSpec.of("c", Group.BASIC, "C")
            .with(
                    new Option("force", "f", null, ""),
                    new Option("quiet", "q", null, ""),
                    new Option("name", "n", "NAME", ""),
                    new Option("set", null, "EXPR", ""));

    static Stream<Arguments> lines() {
        return Stream.of(
                Arguments.of(List.of(), List.of(), Map.of()),
                Arguments.of(List.of("a", "-f", "b"), List.of("a", "b"), Map.of("force", List.of("true"))),
                Arguments.of(List.of("--force", "a"), List.of("a"), Map.of("force", List.of("true"))),
                Arguments.of(List.of("--force=false"), List.of(), Map.of("force", List.of("false"))),
                Arguments.of(List.of("--force=T"), List.of(), Map.of("force", List.of("true"))),
                Arguments.of(List.of("-f=0"), List.of(), Map.of("force", List.of("false"))),
                Arguments.of(List.of("-fq"), List.of(), Map.of("force", List.of("true"), "quiet", List.of("true"))),
                Arguments.of(List.of("--name", "x"), List.of(), Map.of("name", List.of("x"))),
                Arguments.of(List.of("--name=x=y"), List.of(), Map.of("name", List.of("x=y"))),
                Arguments.of(List.of("--name="), List.of(), Map.of("name", List.of(""))),
                Arguments.of(List.of("--name", "--force"), List.of(), Map.of("name", List.of("--force"))),
                Arguments.of(List.of("-nx"), List.of(), Map.of("name", List.of("x"))),
                Arguments.of(List.of("-n=x"), List.of(), Map.of("name", List.of("x"))),
                Arguments.of(List.of("-n", "x"), List.of(), Map.of("name", List.of("x"))),
                Arguments.of(List.of("-fn", "x"), List.of(), Map.of("force", List.of("true"), "name", List.of("x"))),
                Arguments.of(List.of("--set", "1", "--set=2"), List.of(), Map.of("set", List.of("1", "2"))),
                Arguments.of(List.of("-"), List.of("-"), Map.of()),
                Arguments.of(List.of("--", "-f", "--", "a"), List.of("-f", "--", "a"), Map.of()),
                Arguments.of(List.of("a", "--tty=false"), List.of("a"), Map.of("tty", List.of("false"))),
                Arguments.of(List.of("-y", "-h"), List.of(), Map.of("yes", List.of("true"), "help", List.of("true"))));
    }

    @ParameterizedTest
    @MethodSource("lines")
    void isTakenApart(List<String> words, List<String> arguments, Map<String, List<String>> options) {
        CommandLine line = CommandLine.of(SPEC, words);
        assertThat(line.arguments()).isEqualTo(arguments);
        assertThat(line.options()).isEqualTo(options);
    }

    @ParameterizedTest
    @CsvSource({
        "--bogus, unknown flag: --bogus",
        "--bogus=1, unknown flag: --bogus",
        "--=1, 'unknown flag: --'",
        "---bogus, unknown flag: ---bogus",
        "-x, unknown shorthand flag: 'x' in -x",
        "-fx, unknown shorthand flag: 'x' in -fx",
        "--name, flag needs an argument: --name",
        "-n, flag needs an argument: 'n' in -n",
        "-fn, flag needs an argument: 'n' in -fn",
        "--force=maybe, 'invalid argument \"maybe\" for \"--force\" flag: it is a switch, so only true and false make"
                + " sense'",
        "-f=, 'invalid argument \"\" for \"-f\" flag: it is a switch, so only true and false make sense'"
    })
    void isRefused(String word, String message) {
        // CSV would take the quotes around the letter away.
        String expected =
                message.replaceAll("flag: (.) in", "flag: '$1' in").replaceAll("argument: (.) in", "argument: '$1' in");
        assertThatThrownBy(() -> CommandLine.of(SPEC, List.of(word)))
                .isInstanceOf(LimaException.class)
                .hasMessage(expected);
    }

    @Test
    void flagsEndAtTheFirstArgumentWhereTheySay() {
        CommandLine line = CommandLine.of(SPEC.flagsEnd(), List.of("-f", "vm", "--", "ls", "-q", "--name=x"));
        assertThat(line.arguments()).containsExactly("vm", "--", "ls", "-q", "--name=x");
        assertThat(line.options()).containsOnlyKeys("force");
    }

    @Test
    void whatStandsBeforeTheCommandIsOverruledByWhatFollows() {
        CommandLine global = CommandLine.global(List.of("--log-level", "error", "--debug", "c", "--log-level=info"));
        assertThat(global.arguments()).containsExactly("c", "--log-level=info");
        CommandLine all = global.with(CommandLine.of(SPEC, List.of("--log-level=info", "--debug=false")));
        assertThat(all.value("log-level")).contains("info");
        assertThat(all.has("debug")).isFalse();
        assertThat(all.has("force")).isFalse();
    }
}
