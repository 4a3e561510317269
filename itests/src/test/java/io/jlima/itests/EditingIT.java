// SPDX-License-Identifier: Apache-2.0
package io.jlima.itests;

import static org.assertj.core.api.Assertions.assertThat;

import io.jlima.itests.Home.Result;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Editing and templates, with the built distribution. */
class EditingIT {
    private static SilentGuest guest;
    private static Home home;

    @BeforeAll
    static void makeInstance() {
        guest = new SilentGuest();
        home = guest.home();
        home.workingIn(home.path);
        guest.create(home, "e1", "# the end");
    }

    @AfterAll
    static void removeInstance() throws IOException {
        home.close();
        guest.close();
    }

    private static Path yaml() {
        return home.path.resolve("e1/lima.yaml");
    }

    private static List<String> changed(String before, String after) {
        List<String> lines = new ArrayList<>(after.lines().toList());
        before.lines().forEach(lines::remove);
        return lines;
    }

    @Test
    void editingCpusChangesExactlyOneLine() throws IOException {
        Path file = home.write("commented.yaml", """
                # What this is for.
                images: # the image
                  - location: "/a.img" # from somewhere
                cpus: 2 # enough
                # about memory
                memory: "1GiB"
                """);
        String before = Files.readString(file);
        home.good("edit", "--cpus", "3", file.toString());
        String after = Files.readString(file);
        assertThat(changed(before, after)).containsExactly("cpus: 3 # enough");
        assertThat(changed(after, before)).containsExactly("cpus: 2 # enough");
        home.good("edit", file.toString(), "--set", ".mounts += [{\"location\": \"/srv\"}] | .memory = \"2GiB\"");
        assertThat(Files.readString(file))
                .contains("# about memory\nmemory: \"2GiB\"\n", "mounts:\n  - location: /srv\n");
    }

    @Test
    void anInstanceIsEditedByFlagsAndExpressions() throws IOException {
        home.good("edit", "e1", "--cpus", "2", "--set", ".env.FOO = \"bar\"");
        assertThat(Files.readString(yaml())).contains("cpus: 2\n", "env:\n  FOO: bar\n", "# the end");
        assertThat(home.good("list", "--json", "e1").out()).contains("\"cpus\":2", "\"FOO\":\"bar\"");
        assertThat(home.good("edit", "e1").err()).contains("nothing is changed");
    }

    @Test
    void whatIsRefusedIsKeptAndChangesNothing() throws IOException {
        String before = Files.readString(yaml());
        Result refused = home.limactl("edit", "e1", "--set", ".arch = \"z80\"");
        assertThat(refused.code()).as(refused.all()).isEqualTo(1);
        assertThat(refused.err()).contains("z80", "lima.REJECTED.yaml");
        assertThat(home.path.resolve("lima.REJECTED.yaml")).content().contains("z80");
        assertThat(Files.readString(yaml())).isEqualTo(before);
        Result smaller = home.limactl("edit", "e1", "--disk", "0.01");
        assertThat(smaller.code()).isEqualTo(1);
        assertThat(smaller.err()).contains("shrinking the disk");
        Result outside = home.limactl("edit", "e1", "--set", ".env.A = strenv(HOME)");
        assertThat(outside.code()).isEqualTo(1);
        assertThat(outside.err()).contains("strenv");
        assertThat(Files.readString(yaml())).isEqualTo(before);
    }

    @Test
    void theEditorHasTheTerminalOfTheCaller() throws Exception {
        Path editor = home.write("my-editor", """
                #!/bin/sh
                test -t 0 && test -t 1 || exit 3
                stty size
                printf 'which shell? '
                read -r answer
                printf 'user:\\n  shell: %s\\n' "$answer" >>"$1"
                """);
        home.with("EDITOR", "sh '" + editor + "'");
        try (Typescript terminal = new Typescript(home, "limactl edit e1", 31, 99)) {
            terminal.await("which shell?");
            assertThat(terminal.text()).contains("31 99");
            terminal.type("/bin/dash\r");
            terminal.await("(Y/n)");
            terminal.type("n\r");
            assertThat(terminal.end()).as(terminal.text()).isZero();
        }
        assertThat(Files.readString(yaml())).endsWith("user:\n  shell: /bin/dash\n");
    }

    @Test
    void theQuestionOnCreateIsAnsweredByArrowsOrNumbers() throws Exception {
        Path file = home.write("asked.yaml", guest.yaml());
        String line = "limactl create --name asked " + file;
        home.with("TERM", "xterm");
        try (Typescript terminal = new Typescript(home, line, 24, 80)) {
            terminal.await("> 1) Proceed with this configuration");
            terminal.type("\033[A");
            terminal.await("> 4) Exit");
            terminal.type("\r");
            assertThat(terminal.end()).as(terminal.text()).isOne();
            assertThat(terminal.text()).contains("nothing was made, as you wished");
        }
        try (Typescript terminal = new Typescript(home, line, 24, 80)) {
            terminal.await("> 1) Proceed");
            terminal.type("other");
            terminal.await("> 3) Choose another template");
            terminal.type("\003");
            assertThat(terminal.end()).as(terminal.text()).isEqualTo(130);
        }
        home.with("TERM", "dumb");
        try (Typescript terminal = new Typescript(home, line, 24, 80)) {
            terminal.await("Number or name (1): ");
            terminal.type("exit\r");
            assertThat(terminal.end()).as(terminal.text()).isOne();
        }
        assertThat(home.path.resolve("asked")).doesNotExist();
    }

    @Test
    void flagsOfCreateAreInTheNewInstance() throws IOException {
        Path file = home.write("made.lima.yaml", guest.yaml());
        home.good("create", "--name", "e2", "--cpus", "2", "--mount-none", "--set", ".env.A = \"b\"", file.toString());
        assertThat(Files.readString(home.path.resolve("e2/lima.yaml"))).contains("cpus: 2", "env:\n  A: b\n");
        assertThat(home.good("create", "--list-templates").out().lines())
                .contains("default", "docker", "ubuntu-lts", "debian-local")
                .noneMatch(name -> name.startsWith("_"));
        assertThat(home.good("create", "--list-drivers").out().lines()).contains("qemu");
    }

    @Test
    void allShippedTemplatesAreValid() {
        List<String> words = new ArrayList<>(List.of("validate"));
        home.good("create", "--list-templates")
                .out()
                .lines()
                .map(t -> "template:" + t)
                .forEach(words::add);
        assertThat(words).hasSizeGreaterThan(40);
        Result result = home.good(words.toArray(String[]::new));
        assertThat(result.err().lines().filter(l -> l.contains(": OK"))).hasSize(words.size() - 1);
        assertThat(result.out()).isEmpty();
    }

    @Test
    void templatesAreCopiedAndAsked() throws IOException {
        String verbatim =
                home.good("template", "copy", "--verbatim", "template:docker").out();
        assertThat(verbatim).isEqualTo(Files.readString(Home.DISTRIBUTION.resolve("templates/docker.yaml")));
        assertThat(home.good("template", "copy", "--embed", "template:docker").out())
                .contains("template:_images/");
        String whole =
                home.good("tmpl", "copy", "--embed-all", "template:docker").out();
        assertThat(whole)
                .contains("# Docker without root", "cloud-images.ubuntu.com")
                .doesNotContain("base:");
        home.good("template", "copy", "--fill", "template:default", "filled.yaml");
        assertThat(Files.readString(home.path.resolve("filled.yaml"))).contains("cpus: ", "# null gives up to 4");
        assertThat(home.good("template", "yq", "template:default", ".images[-1].location")
                        .out())
                .isEqualTo("debian:bookworm\n");
        assertThat(home.good("template", "url", "template://default").out()).isEqualTo("template:default\n");
        home.good("validate", "filled.yaml");
        Result bad = home.limactl(
                "template", "validate", home.write("bad.yaml", "cpus: [1]\n").toString());
        assertThat(bad.code()).isEqualTo(1);
        assertThat(bad.err()).contains("bad.yaml:1:7");
    }

    @Test
    void theSchemaIsThatWhichIsShipped() throws IOException {
        assertThat(home.good("generate-jsonschema").out())
                .isEqualTo(Files.readString(Home.DISTRIBUTION.resolve("templates/lima.schema.json")));
        assertThat(home.good("help", "yq-restrictions").out()).contains("strenv");
    }
}
