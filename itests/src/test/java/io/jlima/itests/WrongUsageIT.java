// SPDX-License-Identifier: Apache-2.0
package io.jlima.itests;

import static io.jlima.itests.WrongUsage.DOES_NOT_APPLY;
import static org.assertj.core.api.Assertions.assertThat;

import io.jlima.itests.WrongUsage.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/** Whatever is wrong with a call, one clear line says so, and the exit code is 1. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class WrongUsageIT {
    private final Home home = Home.create();
    private final CommandPages pages = new CommandPages(home);

    @BeforeAll
    void prepare() throws IOException {
        Files.write(home.path.resolve("empty.raw"), new byte[1 << 20]);
        home.write(
                "small.yaml",
                "images:\n- location: \"%s\"\ncpus: 1\nmounts: []\nmemory: 128MiB\ndisk: 64MiB\n"
                        .formatted(home.path.resolve("empty.raw")));
        home.with("XDG_CACHE_HOME", home.path.resolve("_cache").toString());
        // No run for the AOT caches, which would outlive this home.
        home.with("_JLIMA_TRAINING", "1");
        for (String name : List.of("small", "bad")) {
            home.good(
                    "create",
                    "--tty=false",
                    "--name",
                    name,
                    home.path.resolve("small.yaml").toString());
        }
        home.write("bad/lima.yaml", "cpus: [\n");
        Files.createDirectory(home.path.resolve("empty"));
    }

    @AfterAll
    void leaveNothing() {
        home.close();
    }

    @ParameterizedTest
    @FieldSource("io.jlima.itests.WrongUsage#ALL")
    void isRefused(WrongUsage wrong) {
        String before = instances();
        refused(wrong.call());
        assertThat(instances()).as("nothing is left of: " + wrong).isEqualTo(before);
    }

    private String instances() {
        return home.good("list", "--format", "{{.Name}} {{.Status}}").out();
    }

    /** One line says what is wrong; below it, indented, the evidence, and hints. */
    private void refused(CommandCase call) {
        List<String> lines = call.check(home, Home.LIMIT_SECONDS).err().lines().toList();
        List<String> said =
                lines.stream().filter(l -> l.contains("level=fatal")).toList();
        assertThat(said).as("%s", call).singleElement().asString().doesNotContain("\\n");
        int at = lines.indexOf(said.getFirst());
        assertThat(lines.subList(0, at))
                .as("nothing before it but what else is to be known: %s", call)
                .allMatch(l -> l.contains("level=warning"));
        assertThat(lines.subList(at + 1, lines.size())).as("%s", call).allMatch(l -> l.matches("  .*|Hint: .*"));
    }

    @Test
    void anUnknownFlagOfAnyCommand() {
        for (List<String> command : pages.commands()) {
            refused(CommandCase.bad(String.join(" ", command) + " --no-such-flag", "unknown flag: --no-such-flag"));
        }
    }

    @Test
    void aMissingArgumentOfAnyCommand() {
        for (List<String> command : pages.commands()) {
            if (pages.needsArguments(command)) {
                refused(CommandCase.bad(
                        String.join(" ", command),
                        "arg\\(s\\), (only )?received 0|requires instance name as first argument"));
            }
        }
    }

    /** What is completed with instances takes one; two flags of its own may contradict each other. */
    @Test
    void noCommandIsWithoutACase() {
        List<String> missing = new ArrayList<>();
        for (List<String> command : pages.commands()) {
            boolean takesInstance = pages.completed(command, "").stream().anyMatch(w -> w.matches("small:?"));
            boolean hasFlags = pages.ownFlags(command).size() > 1;
            for (Kind kind : Kind.values()) {
                String name = String.join(" ", command);
                boolean hasCase = WrongUsage.ALL.stream()
                        .anyMatch(w -> w.kind() == kind && w.call().gives(command, ""));
                boolean exempt = DOES_NOT_APPLY.getOrDefault(kind, Map.of()).containsKey(name);
                if ((kind == Kind.CONFLICT ? hasFlags : takesInstance) && !hasCase && !exempt) {
                    missing.add(kind + ": " + name);
                }
            }
        }
        assertThat(missing).isEmpty();
    }

    /** Each exemption is of a command that there is, and of one without a case. */
    @Test
    void noExemptionIsOutOfDate() {
        List<List<String>> commands = pages.commands();
        DOES_NOT_APPLY.forEach((kind, reasons) -> reasons.keySet().forEach(name -> {
            List<String> command = List.of(name.split(" "));
            assertThat(commands).contains(command);
            assertThat(WrongUsage.ALL)
                    .as("%s of %s", kind, name)
                    .noneMatch(w -> w.kind() == kind && w.call().gives(command, ""));
        }));
    }
}
