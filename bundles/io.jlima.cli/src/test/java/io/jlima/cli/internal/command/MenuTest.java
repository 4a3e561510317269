// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jlima.api.LimaException;
import io.jlima.api.command.Invocation.Streams;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MenuTest {
    private static final List<String> CHOICES =
            List.of("Proceed with it", "Open an editor", "Choose another template", "Exit");

    private final FakeInvocation invocation = new FakeInvocation();

    MenuTest() {
        invocation.streams = new Streams(true, true, true, 80, 24);
        invocation.variables.put("TERM", "xterm");
    }

    private int choose(String keys, List<String> choices) throws InterruptedException {
        invocation.input = keys;
        return Questions.choose(invocation, "Create it?", choices);
    }

    @ParameterizedTest
    @CsvSource({
        "'\\r', 0",
        "'\\n', 0",
        "'\\033[B\\r', 1",
        "'\\033OB\\033OB\\r', 2",
        "'\\033[A\\r', 3",
        "'\\033[B\\033[A\\r', 0",
        "'\\016\\016\\020\\r', 1",
        "'4\\r', 3",
        "'3\\n', 2",
        "'exit\\r', 3",
        "'TEMPL\\r', 2",
        "'e\\033[B\\r', 0",
        "'xyz\\r\\177\\b\\177\\r', 0",
        "'edix\\177\\r', 1",
        "'\\033[5~\\033[1;5B\\r', 1",
        "'\\033xo\\r', 1"
    })
    void keysChoose(String keys, int choice) throws Exception {
        assertThat(choose(keys.translateEscapes(), CHOICES)).isEqualTo(choice);
        assertThat(invocation.outText()).endsWith("? Create it? " + CHOICES.get(choice) + "\r\n");
        assertThat(invocation.terminal).containsExactly("raw", "as before");
    }

    @Test
    void leavingIsNoAnswer() {
        assertThatThrownBy(() -> choose("ex\003", CHOICES)).isInstanceOf(InterruptedException.class);
        assertThat(invocation.outText()).endsWith("^C\r\n");
        assertThatThrownBy(() -> choose("\004", CHOICES)).isInstanceOf(LimaException.class);
        assertThatThrownBy(() -> choose("", CHOICES))
                .isInstanceOf(LimaException.class)
                .hasMessage("the question was not answered");
        assertThat(invocation.terminal).hasSize(6).endsWith("raw", "as before");
    }

    /** What is drawn is no higher and no wider than the screen, so that it can be drawn over. */
    @Test
    void staysOnTheScreen() throws Exception {
        invocation.streams = new Streams(true, true, true, 60, 10);
        List<String> many = IntStream.range(0, 50)
                .mapToObj(i -> "template-" + i + " " + "x".repeat(i * 2))
                .toList();
        assertThat(choose("\033[A\033[A\r", many)).isEqualTo(48);
        String[] screens = invocation.outText().split("\033\\[J");
        assertThat(screens).hasSize(4);
        for (String screen : screens) {
            List<String> lines =
                    screen.replaceAll("\033\\[[0-9]*[mA]", "").lines().toList();
            assertThat(lines).hasSizeLessThanOrEqualTo(9).allMatch(line -> line.length() < 60);
        }
        assertThat(screens[2]).contains("> 49) template-48");
    }

    @Test
    void aLongQuestionIsShownWhole() throws Exception {
        invocation.streams = new Streams(true, true, true, 60, 8);
        invocation.input = "\033[B\r";
        String question = "Is it right? ".repeat(8) + "(the end)";
        assertThat(Questions.choose(invocation, question, CHOICES)).isOne();
        String[] screens = invocation.outText().split("\033\\[J");
        assertThat(screens)
                .hasSize(3)
                .allMatch(screen -> screen.replace("\r\n", " ").contains("right? (the end)"));
        assertThat(screens[0])
                .contains("> 1) Proceed")
                .endsWith("\033[" + (screens[0].lines().count() - 1) + "A\r");
    }

    @Test
    void coloursAreLeftOutWhereTheyAreNotWanted() throws Exception {
        choose("\r", CHOICES);
        assertThat(invocation.outText()).contains("\033[36m> 1) Proceed with it\033[0m");
        invocation.outBytes.reset();
        invocation.variables.put("NO_COLOR", "1");
        choose("\r", CHOICES);
        assertThat(invocation.outText()).contains("\r\n  2) Open an editor").doesNotContain("\033[36m");
    }

    @ParameterizedTest
    @CsvSource({"dumb, 80, 24", "xterm, 0, 0", "xterm, 80, 3", "xterm, 20, 24"})
    void otherTerminalsAreAskedByLine(String term, int columns, int rows) throws Exception {
        invocation.variables.put("TERM", term);
        invocation.streams = new Streams(true, true, true, columns, rows);
        assertThat(choose("2\n", CHOICES)).isOne();
        assertThat(invocation.outText()).endsWith("Number or name (1): ").doesNotContain("\033");
        assertThat(invocation.terminal).isEmpty();
    }
}
