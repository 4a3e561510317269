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
    private final CommandPages pages = new CommandPages(home);

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
        // No run for the AOT caches, which would outlive this home.
        home.with("_JLIMA_TRAINING", "1");
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

    @Test
    @Order(2)
    void everyCommandHasItsPage() {
        List<List<String>> commands = pages.commands();
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
        for (List<String> command : pages.commands()) {
            for (String flag : pages.ownFlags(command)) {
                if (CommandCases.all().noneMatch(c -> c.gives(command, flag))) {
                    missing.add(String.join(" ", command) + " " + flag);
                }
            }
            if (CommandCases.all().noneMatch(c -> c.gives(command, ""))) {
                missing.add(String.join(" ", command));
            }
        }
        assertThat(missing).isEmpty();
    }

    @Test
    @Order(4)
    void everyGlobalFlagHasACase() {
        for (String flag : pages.completed("--")) {
            assertThat(CommandCases.all()
                            .anyMatch(
                                    c -> c.split().stream().anyMatch(w -> w.equals(flag) || w.startsWith(flag + "="))))
                    .as(flag)
                    .isTrue();
        }
    }
}
