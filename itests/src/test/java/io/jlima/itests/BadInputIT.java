// SPDX-License-Identifier: Apache-2.0
package io.jlima.itests;

import static io.jlima.itests.Aftermath.assertNothingMade;
import static io.jlima.itests.Aftermath.refused;
import static org.assertj.core.api.Assertions.assertThat;

import io.jlima.itests.Home.Result;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is asked for wrongly ends with exit code 1, with words that name the place and the remedy, and leaves nothing half-made. */
class BadInputIT extends OnSilentGuest {
    /** For tests that need no daemon of their own. */
    private static Home shared;

    @BeforeAll
    static void makeHome() {
        shared = guest.home();
    }

    @AfterAll
    static void removeHome() {
        shared.close();
    }

    @Test
    void anUnknownInstanceIsNamed() {
        for (List<String> words : List.of(List.of("stop", "nosuch"), List.of("stop", "-f", "nosuch"))) {
            assertThat(refused(shared.limactl(words.toArray(String[]::new))))
                    .contains("`nosuch` does not exist", "limactl list");
        }
        assertThat(refused(shared.limactl("shell", "nosuch", "true")))
                .contains("`nosuch` does not exist", "limactl create");
        assertThat(refused(shared.limactl("list", "nosuch"))).contains("No instance matching nosuch found");
        assertThat(shared.good("factory-reset", "nosuch").err()).contains("`nosuch` not found");
        // As in Lima, so that a script may delete without looking.
        Result delete = shared.good("delete", "nosuch");
        assertThat(delete.err()).contains("Ignoring non-existent instance `nosuch`");
    }

    @Test
    void startingAnUnknownNameMakesItOfTheDefaultTemplate() throws IOException {
        try (Home home = guest.home()) {
            Path templates = Files.createDirectories(home.path.resolve("_mine"));
            Files.writeString(templates.resolve("default.yaml"), "cpus: 0.x\n");
            home.with("LIMA_TEMPLATES_PATH", templates.toString());
            assertThat(refused(home.limactl("start", "nosuch")))
                    .contains("Creating the instance `nosuch` from template:default", "default.yaml:1:7", "cpus");
            assertThat(home.good("list", "-q").out()).isEmpty();
        }
    }

    @Test
    void anUnknownTemplateIsNamed() {
        assertThat(refused(shared.limactl("create", "template:nosuch")))
                .contains(
                        "there is no template \\\"nosuch\\\"",
                        "looked in " + shared.path + "/_templates",
                        "Hint: limactl start --list-templates");
        assertThat(refused(shared.limactl("create", "template:debain")))
                .contains("there is no template \\\"debain\\\"", "Hint: did you mean template:debian");
        assertThat(refused(shared.limactl("create", shared.path + "/nosuch.yaml")))
                .contains("there is no file " + shared.path + "/nosuch.yaml");
        assertThat(shared.good("list", "-q").out()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"a b", "../up", "a/b", ".hidden", "_own", "a..b", "ä", "-", "x.yaml", "X.YML", ""})
    void aBadNameIsRefused(String name) throws IOException {
        shared.write("bad.lima.yaml", guest.yaml());
        String words = refused(shared.limactl("create", "--name=" + name, shared.path + "/bad.lima.yaml"));
        assertThat(words).contains("instance name `" + name + "`", "Hint: ");
        assertNothingMade(shared);
    }

    @Test
    void aNameThatIsTooLongIsRefused() throws IOException {
        shared.write("bad.lima.yaml", guest.yaml());
        String file = shared.path + "/bad.lima.yaml";
        assertThat(refused(shared.limactl("create", "--name", "x".repeat(77), file)))
                .contains("at most 76 characters");
        assertThat(refused(shared.limactl("create", "--name", "x".repeat(76), file)))
                .contains("too long for sockets in " + shared.path, "characters shorter", "shorter LIMA_HOME");
        assertNothingMade(shared);
    }

    @Test
    void aLimaHomeTooLongForSocketsIsRefused() throws IOException {
        try (Home home = guest.home()) {
            Path deep = home.path.resolve("d".repeat(90));
            home.with("LIMA_HOME", deep.toString());
            assertThat(refused(home.limactl("list"))).contains(deep.toString(), "too long", "shorter LIMA_HOME");
            assertThat(deep).doesNotExist();
        }
    }

    @Test
    void faultsInYamlAreShownWithFileLineAndColumn() throws IOException {
        record Fault(String text, String place, String word) {}
        for (Fault fault : List.of(
                new Fault("cpus: 2\nmemory: [1\n", ":2:9", ""),
                new Fault("cpus: 2\n  memory: 1GiB\n", ":2:", ""),
                new Fault("cpus: 2\nmemory: lots\n", ":2:9", "memory"),
                new Fault("images:\n- location: /x\n  arch: vax\n", ":3:9", "arch"),
                new Fault("mountType: carrier-pigeon\n", ":1:12", "mountType"))) {
            Path file = shared.write("faulty.yaml", fault.text());
            String words = refused(shared.limactl("create", "--name", "faulty", file.toString()));
            assertThat(words).contains(file + fault.place()).contains(fault.word());
        }
        assertNothingMade(shared);
    }

    @Test
    void anInstanceWhoseFileIsSpoiltIsShownAndRefused() throws IOException {
        try (Home home = guest.home()) {
            guest.create(home, "a");
            Path file = home.path.resolve("a/lima.yaml");
            String before = Files.readString(file);
            Files.writeString(file, "cpus: 1\nmemory: [\n");
            assertThat(home.status("a")).isEqualTo("Broken");
            assertThat(home.limactl("list").err()).contains("a/lima.yaml:2:");
            assertThat(refused(home.limactl("start", "a"))).contains(file + ":2:", "Mend");
            Files.writeString(file, before);
            assertThat(home.status("a")).isEqualTo("Stopped");
        }
    }

    @Test
    void unknownFlagsCommandsAndCountsAreRefused() {
        assertThat(refused(shared.limactl("list", "--nosuch"))).contains("unknown flag: --nosuch");
        assertThat(refused(shared.limactl("list", "-z"))).contains("'z' in -z");
        assertThat(refused(shared.limactl("--nosuch", "list"))).contains("unknown flag: --nosuch");
        assertThat(refused(shared.limactl("strat"))).contains("unknown command", "strat", "Did you mean this? start");
        assertThat(refused(shared.limactl("xyzzy"))).contains("unknown command", "xyzzy", "limactl --help");
        assertThat(refused(shared.limactl("delete"))).contains("requires at least 1", "limactl delete --help");
        assertThat(refused(shared.limactl("start", "a", "b"))).contains("received 2", "limactl start --help");
        assertThat(refused(shared.limactl("info", "x"))).contains("accepts 0 arg(s)");
        assertThat(refused(shared.limactl("start", "--timeout", "soon", "a"))).contains("soon");
        assertThat(refused(shared.limactl("start", "--timeout"))).contains("needs an argument: --timeout");
        assertThat(refused(shared.limactl("list", "--format", "xml"))).contains("`xml`", "Use table, json, yaml");
        assertThat(refused(shared.limactl("--log-level", "loud", "list"))).contains("`loud`", "Use trace");
        assertThat(refused(shared.limactl("create", "--name", "one", "two"))).contains("Give the name once");
    }
}
