// SPDX-License-Identifier: Apache-2.0
package io.jlima.itests;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One call of {@code bin/limactl} and what must come of it. A pattern is looked for anywhere in the output.
 *
 * @param words as for a shell, with single quotes; {@code HOME} stands for the LIMA_HOME of the test
 * @param out pattern in standard output; empty when there must be none at all
 * @param err pattern in standard error; empty for none to look for
 */
record CommandCase(String words, String input, int code, String out, String err) {
    private static final Pattern WORD = Pattern.compile("'([^']*)'|(\\S+)");

    /** A call that ends well and says nothing on standard output. */
    static CommandCase good(String words) {
        return new CommandCase(words, "", 0, "", "");
    }

    /** A call that is refused with one clear line. */
    static CommandCase bad(String words, String err) {
        return new CommandCase(words, "", 1, "", err);
    }

    CommandCase out(String pattern) {
        return new CommandCase(words, input, code, pattern, err);
    }

    CommandCase err(String pattern) {
        return new CommandCase(words, input, code, out, pattern);
    }

    CommandCase fed(String text) {
        return new CommandCase(words, text, code, out, err);
    }

    CommandCase code(int other) {
        return new CommandCase(words, input, other, out, err);
    }

    List<String> split() {
        List<String> split = new ArrayList<>();
        Matcher word = WORD.matcher(words);
        while (word.find()) {
            split.add(word.group(1) != null ? word.group(1) : word.group(2));
        }
        return split;
    }

    /** Whether the case is one of this command and, unless it is empty, has this flag. */
    boolean gives(List<String> command, String flag) {
        List<String> split = split();
        return split.size() >= command.size()
                && split.subList(0, command.size()).equals(command)
                && (flag.isEmpty() || split.stream().anyMatch(w -> w.equals(flag) || w.startsWith(flag + "=")));
    }

    Home.Result check(Home home, long seconds) {
        String path = home.path.toString();
        String[] call = split().stream().map(w -> w.replace("HOME", path)).toArray(String[]::new);
        Home.Result result = Home.await(home.start(call), input, seconds);
        assertThat(result.code()).as(words + "\n" + result.all()).isEqualTo(code);
        if (out.isEmpty()) {
            assertThat(result.out()).as(words + "\n" + result.all()).isEmpty();
        } else {
            assertThat(result.out()).as(words).containsPattern(Pattern.compile(out, Pattern.MULTILINE));
        }
        assertThat(result.err()).as(words).containsPattern(Pattern.compile(err, Pattern.MULTILINE));
        assertThat(result.err()).as(words).doesNotContain("internal error", "Exception", "\tat ");
        // A command of the guest may end so too, and says what it likes.
        if (code == 1 && !err.isEmpty()) {
            assertThat(result.err().lines().filter(l -> l.contains("level=fatal")))
                    .as("one line says what is wrong: " + words + "\n" + result.all())
                    .hasSize(1);
        }
        assertThat(result.err()).as("no bar in a pipe: " + words).doesNotContain("\r", "\u001b");
        return result;
    }

    @Override
    public String toString() {
        return "limactl " + words;
    }
}
