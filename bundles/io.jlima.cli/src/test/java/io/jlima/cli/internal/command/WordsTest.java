// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jlima.api.LimaException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class WordsTest {
    private static byte[] sh(String script) throws Exception {
        Process process = new ProcessBuilder("/bin/sh", "-c", script)
                .redirectErrorStream(true)
                .start();
        process.getOutputStream().close();
        byte[] output = process.getInputStream().readAllBytes();
        assertThat(process.waitFor())
                .as("%s: %s", script, new String(output, StandardCharsets.UTF_8))
                .isZero();
        return output;
    }

    @Test
    void aShellReadsExactlyTheWord() throws Exception {
        List<String> words = new ArrayList<>(List.of(
                "",
                " ",
                "a b",
                "'",
                "''",
                "\"",
                "\\",
                "\\n",
                "$HOME",
                "$(id)",
                "`id`",
                "*",
                "~",
                "!",
                "#",
                "a;b",
                "a&b",
                "a|b",
                "<x",
                "x>",
                "(",
                ")",
                "{a,b}",
                "[a]",
                "?",
                "=",
                "A=b",
                "-n",
                "--",
                "a\nb",
                "\n",
                "\t",
                "ä€😀",
                "'\\''",
                "it's \"so\"",
                "%s",
                "\u0001\u007f"));
        Random random = new Random(7);
        for (int i = 0; i < 50; i++) {
            StringBuilder word = new StringBuilder();
            for (int j = random.nextInt(20); j > 0; j--) {
                word.append((char) (1 + random.nextInt(126)));
            }
            words.add(word.toString());
        }
        StringBuilder script = new StringBuilder("printf '%s\\001\\002'");
        StringBuilder expected = new StringBuilder();
        for (String word : words) {
            script.append(' ').append(Words.quote(word));
            expected.append(word).append("\u0001\u0002");
        }
        assertThat(sh(script.toString())).isEqualTo(expected.toString().getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void aCommandLineSurvivesTwoShells() throws Exception {
        List<String> words = List.of(
                "A=x y", "B_1='\"$", "C=", "sh", "-c", "printf '%s|' \"$A\" \"$B_1\" \"$C\" \"$@\"", "0", "D=e f", "*");
        String line = Words.commandLine(words);
        assertThat(new String(sh("/bin/sh -c " + Words.quote(line)), StandardCharsets.UTF_8))
                .isEqualTo("x y|'\"$||D=e f|*|");
    }

    @ParameterizedTest
    @ValueSource(strings = {"$(echo oops >&2)=x", "a b=c", "1A=x", "=x", "`id`=", "A-B=c", "./x=y"})
    void onlyNamesAreAssigned(String word) throws Exception {
        // Taken for the name of a program, whole.
        String line = Words.commandLine(List.of(word));
        assertThat(line).isEqualTo(Words.quote(word));
        assertThat(new String(sh("set -- " + line + "; printf %s \"$1\""), StandardCharsets.UTF_8))
                .isEqualTo(word);
    }

    @ParameterizedTest
    @CsvSource({
        "10m, PT10M",
        "1h30m, PT1H30M",
        "90s, PT90S",
        "1.5s, PT1.5S",
        "300ms, PT0.3S",
        "0s, PT0S",
        "1h0m0.25s, PT1H0.25S"
    })
    void durations(String text, String duration) {
        assertThat(Durations.parse(text)).isEqualTo(Duration.parse(duration));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "10", "m", "10x", "-5m", "10m ", " 10m", "1m junk", "1..5s", "10 m", "junk10m"})
    void noDurations(String text) {
        assertThatThrownBy(() -> Durations.parse(text))
                .isInstanceOf(LimaException.class)
                .hasMessage("invalid duration \"" + text + "\"\nWrite for example 10m, 90s or 1h30m");
    }

    @Test
    void aDurationWithoutEndIsVeryLong() {
        assertThat(Durations.parse("9".repeat(400) + "h")).isGreaterThan(Duration.ofDays(365_000));
    }
}
