// SPDX-License-Identifier: Apache-2.0
package io.jlima.itests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** {@code bin/limactl} as a box: every command and flag, its output, its exit code, and what it says when misused. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class CommandsIT {
    private final Home home = Home.create();

    @BeforeAll
    void prepare() throws IOException {
        Files.write(home.path.resolve("empty.raw"), new byte[1 << 20]);
        String image = "images:\n- location: \"%s\"\ncpus: 1\nmounts: []\n".formatted(home.path.resolve("empty.raw"));
        home.write("small.yaml", image + "memory: 128MiB\ndisk: 64MiB\n");
        home.write(
                "param.yaml",
                image + "memory: 128MiB\ndisk: 64MiB\nparam:\n  KEY: old\nprovision:\n- script: echo $PARAM_KEY\n");
        home.write("huge.yaml", image + "memory: 9000GiB\ndisk: 64MiB\n");
        home.write("tiny.yaml", image + "memory: 128MiB\ndisk: 1\n");
        home.write("withdisk.yaml", image + "memory: 128MiB\ndisk: 64MiB\nadditionalDisks:\n- data\n");
        home.with("XDG_CACHE_HOME", home.path.resolve("_cache").toString());
    }

    @AfterAll
    void leaveNothing() {
        home.close();
    }

    static Stream<CommandCase> alone() {
        return CommandCases.ALONE.stream();
    }

    @ParameterizedTest
    @MethodSource
    @Order(1)
    void alone(CommandCase test) {
        test.check(home, Home.LIMIT_SECONDS);
    }

    /** What help lists, is completed and has a page. */
    private List<List<String>> commands() {
        List<List<String>> commands = new ArrayList<>();
        for (String name : words("__complete", "")) {
            List<String> members = words("__complete", name, "");
            boolean group = home.good(name, "--help").out().contains("COMMAND\n");
            if (group && !name.equals("console")) {
                members.forEach(member -> commands.add(List.of(name, member)));
            } else {
                commands.add(List.of(name));
            }
        }
        return commands;
    }

    private List<String> words(String... request) {
        return home.good(request)
                .out()
                .lines()
                .filter(l -> !l.startsWith(":"))
                .map(l -> l.split("\t")[0])
                .toList();
    }

    @Test
    @Order(2)
    void everyCommandHasItsPage() {
        List<List<String>> commands = commands();
        assertThat(commands).hasSizeGreaterThan(40);
        for (List<String> command : commands) {
            List<String> words = new ArrayList<>(command);
            words.add("--help");
            Home.Result help = home.good(words.toArray(String[]::new));
            assertThat(help.out()).contains("Usage:\n  limactl " + String.join(" ", command));
            assertThat(help.err()).isEmpty();
        }
    }

    @Test
    @Order(3)
    void noFlagIsWithoutACase() {
        List<String> missing = new ArrayList<>();
        for (List<String> command : commands()) {
            List<String> request = new ArrayList<>(List.of("__complete"));
            request.addAll(command);
            request.add("--");
            for (String flag : words(request.toArray(String[]::new))) {
                if (!isGlobal(flag) && CommandCases.all().noneMatch(c -> gives(c, command, flag))) {
                    missing.add(String.join(" ", command) + " " + flag);
                }
            }
            if (CommandCases.all().noneMatch(c -> gives(c, command, ""))) {
                missing.add(String.join(" ", command));
            }
        }
        assertThat(missing).isEmpty();
    }

    private static boolean isGlobal(String flag) {
        return List.of("--log-level", "--log-format", "--debug", "--tty", "--yes", "--help")
                .contains(flag);
    }

    private static boolean gives(CommandCase test, List<String> command, String flag) {
        List<String> words = test.split();
        return words.size() >= command.size()
                && words.subList(0, command.size()).equals(command)
                && (flag.isEmpty() || words.stream().anyMatch(w -> w.equals(flag) || w.startsWith(flag + "=")));
    }

    @Test
    @Order(4)
    void everyGlobalFlagHasACase() {
        for (String flag : words("__complete", "--")) {
            assertThat(CommandCases.all()
                            .anyMatch(
                                    c -> c.split().stream().anyMatch(w -> w.equals(flag) || w.startsWith(flag + "="))))
                    .as(flag)
                    .isTrue();
        }
    }

    @Test
    @Order(5)
    void wrongUsageOfEachCommandIsOneLine() {
        for (List<String> command : commands()) {
            List<String> words = new ArrayList<>(command);
            words.add("--no-such-flag");
            assertRefused(words, "unknown flag: --no-such-flag");
            if (needsArguments(command)) {
                assertRefused(command, "arg\\(s\\), (only )?received 0|requires instance name as first argument");
            }
        }
    }

    private void assertRefused(List<String> words, String complaint) {
        Home.Result result = home.limactl(words.toArray(String[]::new));
        assertThat(result.code()).as(words + result.all()).isEqualTo(1);
        assertThat(result.out()).as("%s", words).isEmpty();
        assertThat(result.err().lines().filter(l -> l.contains("level=fatal")))
                .as("%s", words)
                .singleElement()
                .asString()
                .containsPattern(complaint);
    }

    /** The usage line has a word without brackets behind the command and its flags. */
    private boolean needsArguments(List<String> command) {
        List<String> words = new ArrayList<>(command);
        words.add("--help");
        String start = "  limactl " + String.join(" ", command);
        String rest = home.good(words.toArray(String[]::new))
                .out()
                .lines()
                .filter(l -> l.startsWith(start))
                .findFirst()
                .orElseThrow()
                .substring(start.length())
                .replace("[flags]", "")
                .strip();
        return !rest.isEmpty() && !rest.startsWith("[");
    }
}
