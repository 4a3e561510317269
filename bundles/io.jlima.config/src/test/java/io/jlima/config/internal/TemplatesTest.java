// SPDX-License-Identifier: Apache-2.0
package io.jlima.config.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import io.jlima.api.Arch;
import io.jlima.api.LimaException;
import io.jlima.api.config.ConfigReader.Template;
import io.jlima.api.config.ConfigReader.TemplateSearch;
import io.jlima.api.config.InstanceConfig;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Finding templates, merging their bases, and the templates that come with jlima. */
class TemplatesTest {
    private final YamlConfigReader reader = new YamlConfigReader();

    @TempDir
    Path home;

    private Path first = Path.of("");
    private Path second = Path.of("");
    private Path work = Path.of("");

    @BeforeEach
    void directories() throws IOException {
        first = Files.createDirectories(home.resolve("first"));
        second = Files.createDirectories(home.resolve("second"));
        work = Files.createDirectories(home.resolve("work"));
    }

    private TemplateSearch search() {
        return new TemplateSearch(List.of(first, second, home.resolve("absent")), work, home);
    }

    private static void write(Path file, String text) throws IOException {
        Files.createDirectories(file.toAbsolutePath().getParent());
        Files.writeString(file, text);
    }

    private InstanceConfig resolved(String locator) {
        Template template = reader.locate(locator, search());
        return reader.resolve(
                        template.text(), template.source(), Given.linux(home).facts())
                .config();
    }

    private String refusal(String locator) {
        try {
            reader.locate(locator, search());
            return "found";
        } catch (LimaException e) {
            return e.getMessage() == null ? "" : e.getMessage();
        }
    }

    @Test
    void theFirstDirectoryWins() throws IOException {
        write(first.resolve("a.yaml"), "cpus: 1\n");
        write(second.resolve("a.yaml"), "cpus: 2\n");
        write(second.resolve("b.yaml"), "cpus: 3 # kept\n");
        assertThat(reader.locate("template:a", search()).text()).isEqualTo("cpus: 1\n");
        Template b = reader.locate("template:b", search());
        assertThat(b.text()).isEqualTo("cpus: 3 # kept\n");
        assertThat(b.source()).isEqualTo(second.resolve("b.yaml").toString());
        assertThat(b.instanceName()).contains("b");
        assertThat(b.note()).isNull();
    }

    @Test
    void theOldSpellingIsNoted() throws IOException {
        write(first.resolve("a.yaml"), "cpus: 1\n");
        assertThat(reader.locate("template://a", search()).note())
                .contains("template:a")
                .contains("old");
    }

    @ParameterizedTest
    @CsvSource({
        "template:ubuntu-24.04, ubuntu-24.04.yaml, ubuntu-24.04",
        "template:sub/x, sub/x.yaml, x",
        "template:x.yaml, x.yaml, x",
        "template:x.yml, x.yml, x",
        "template:Upper, Upper.yaml, upper",
        "template:_images/x, _images/x.yaml, x",
    })
    void namesLeadToFilesAndInstanceNames(String locator, String file, String instance) throws IOException {
        write(first.resolve(file), "cpus: 1\n");
        assertThat(reader.locate(locator, search()).instanceName()).contains(instance);
    }

    @ParameterizedTest
    @CsvSource({
        "./My.yaml, my",
        "My.yaml, my",
        "sub/../My.yaml, my",
        "a.b_c-d.yml, a.b_c-d",
        "a.yaml.yml, a",
        "~/x.yaml, x",
        "bad--name.yaml, ''",
        ".lima.yaml, ''",
        "noext, noext",
    })
    void pathsAreRelativeToTheWorkingDirectoryAndHome(String path, String instance) throws IOException {
        Path file = path.startsWith("~/")
                ? home.resolve(path.substring(2))
                : work.resolve(path).normalize();
        write(file, "cpus: 1\n");
        Template template = reader.locate(path, search());
        assertThat(template.source()).isEqualTo(file.toString());
        assertThat(template.instanceName().orElse("")).isEqualTo(instance);
        assertThat(reader.locate(file.toString(), search()).source()).isEqualTo(file.toString());
        assertThat(reader.locate("file://" + file, search()).source()).isEqualTo(file.toString());
    }

    @Test
    void percentSignsInFileUrlsAreEscapes() throws IOException {
        write(work.resolve("a b.yaml"), "cpus: 1\n");
        assertThat(reader.locate("file://" + work + "/a%20b.yaml", search()).source())
                .isEqualTo(work.resolve("a b.yaml").toString());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "template:debain          | did you mean template:debian?",
                "template:debain          | looked in",
                "template:zzzzzzzzzzzz    | limactl start --list-templates",
                "template:../x            | cannot be the name",
                "template:/etc/passwd     | cannot be the name",
                "template:                | cannot be the name",
                "http://h/x.yaml          | curl",
                "http:///x.yaml           | names no host",
                "https://h/x.yaml         | give its path",
                "github:org/repo          | no way into the web",
                "gopher:x                 | limactl-url-gopher",
                "file:relative.yaml       | file:///path",
                "file://host/x.yaml       | file:///path",
                "-                        | standard input",
                "~other/x.yaml            | another user",
                "absent.yaml              | there is no file",
                ".                        | is not a file but a directory",
                "disk.qcow2               | there is no disk image",
                "disk.img.xz              | there is no disk image",
            })
    void whatCannotBeFoundSaysWhatWorks(String locator, String words) throws IOException {
        write(first.resolve("debian.yaml"), "cpus: 1\n");
        assertThat(refusal(locator)).contains(words);
    }

    @Test
    void unreadableTextsAreRefused() throws IOException {
        Files.write(work.resolve("latin1.yaml"), new byte[] {'a', ':', ' ', (byte) 0xe4, '\n'});
        assertThat(refusal("latin1.yaml")).contains("not text in UTF-8");
        try (RandomAccessFile sparse =
                new RandomAccessFile(work.resolve("big.yaml").toFile(), "rw")) {
            sparse.setLength(1L << 32);
        }
        assertThat(refusal("big.yaml")).contains("longer than 4 MiB");
        assertThat(refusal("/dev/zero")).contains("is not a file");
    }

    @Test
    void namesAreListedOnceAndSorted() throws IOException {
        for (String file : List.of("b.yaml", "a.yaml", "_x/c.yaml", ".h.yaml", "s/d.yaml", "s/_e.yaml", "f.txt")) {
            write(first.resolve(file), "");
        }
        write(second.resolve("a.yaml"), "");
        write(second.resolve("z.yaml"), "");
        Files.createSymbolicLink(second.resolve("loop"), second);
        Files.createSymbolicLink(second.resolve("link.yaml"), second.resolve("z.yaml"));
        Files.createSymbolicLink(second.resolve("dead.yaml"), second.resolve("nothing"));
        assertThat(reader.templateNames(search())).containsExactly("a", "b", "link", "s/d", "z");
    }

    @Test
    void basesAreMergedBelowTheTemplate() throws IOException {
        write(work.resolve("t.yaml"), """
            base: [./b1.yaml, template:b2]
            minimumLimaVersion: 1.0.0
            cpus: 1
            memory: null
            images: [{location: /t}]
            provision: [{script: t}]
            mounts:
            - {location: /x, writable: true}
            env: {A: t}
            message: |
              hello
                {{.Name}} # no comment
            """);
        write(work.resolve("b1.yaml"), """
            base: deeper/b3.yaml
            minimumLimaVersion: 2.0.0
            cpus: 2
            memory: 8GiB
            disk: 20GiB
            images: [{location: /b1}]
            provision: [{script: b1}]
            mounts:
            - {location: /x, sshfs: {cache: false}}
            - {location: /y/b1}
            env: {A: b1, B: b1}
            """);
        write(work.resolve("deeper/b3.yaml"), "disk: 30GiB\nprovision: [{script: b3}]\nenv: {C: '0o17'}\n");
        write(
                second.resolve("b2.yaml"),
                "timezone: UTC\n"
                        + "provision: [{script: b2}]\n"
                        + "mounts: [{location: '*', 9p: {cache: none}}, {location: /z/b2}]\n");
        InstanceConfig c = resolved("t.yaml");
        assertThat(c.cpus()).isEqualTo(1);
        assertThat(c.memory()).as("a null hides the base's value").isEqualTo(4L << 30);
        assertThat(c.disk()).isEqualTo(20L << 30);
        assertThat(c.timezone()).isEqualTo("UTC");
        assertThat(c.images()).extracting(i -> i.file().location()).containsExactly("/t", "/b1");
        assertThat(c.provision()).extracting(InstanceConfig.Provision::script).containsExactly("b2", "b3", "b1", "t");
        assertThat(c.mounts())
                .extracting(
                        m -> m.location(),
                        m -> m.writable(),
                        m -> m.sshfs().cache(),
                        m -> m.nineP().cache())
                .containsExactly(
                        tuple("/x", true, false, "none"),
                        tuple("/y/b1", false, true, "none"),
                        tuple("/z/b2", false, true, "fscache"));
        assertThat(c.env()).isEqualTo(Map.of("A", "t", "B", "b1", "C", "0o17"));
        assertThat(c.message()).isEqualTo("hello\n  {{.Name}} # no comment\n");
        assertThat(reader.locate("t.yaml", search()).text())
                .contains("minimumLimaVersion: 2.0.0")
                .doesNotContain("base:");
    }

    @Test
    void relativeBasesOfStoredTemplatesAreSoughtInTheStore() throws IOException {
        write(first.resolve("distro/x.yaml"), "base: ../y.yaml\n");
        write(first.resolve("distro/z.yaml"), "base: w.yaml\nimages: [{location: /z}]\n");
        write(second.resolve("distro/w.yaml"), "cpus: 3\n");
        assertThat(refusal("template:distro/x"))
                .contains("leaves its directory by ..")
                .startsWith(first.toString());
        assertThat(resolved("template:distro/z").cpus()).isEqualTo(3);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "base: t.yaml                         | is a base for the second time",
                "base: [b.yaml, b.yaml]               | is a base for the second time",
                "base: absent.yaml                    | there is no file",
                "base: template:nothing               | t.yaml:1:7: there is no template \"nothing\"",
                "base: https://h/x                    | no way into the web",
                "base: [{url: b.yaml, digest: 'x'}]   | the digest of a locator is not checked",
                "base: [{digest: x}]                  | a locator is missing",
                "base: bad.yaml                       | bad.yaml:1:7: cpus must be a whole number",
                "base: broken.yaml                    | broken.yaml:1:",
                "base: {a: b}                         | t.yaml:1:7: ",
                "provision: [{file: s.sh, script: x}] | file and script cannot both be given",
                "provision: [{file: no.sh}]           | there is no file",
            })
    void badBasesAreRefused(String yaml, String words) throws IOException {
        write(work.resolve("t.yaml"), yaml + "\n");
        write(work.resolve("b.yaml"), "cpus: 1\n");
        write(work.resolve("bad.yaml"), "cpus: x\n");
        write(work.resolve("broken.yaml"), "cpus: [\n");
        write(work.resolve("s.sh"), "x\n");
        assertThat(refusal("t.yaml")).contains(words);
    }

    @Test
    void filesOfScriptsAreTakenIn() throws IOException {
        write(work.resolve("t.yaml"), """
            images: [{location: /i}]
            provision:
            - file: s.sh
            - {mode: data, path: /etc/x, file: {url: d.txt}}
            - {mode: yq, path: /etc/y, file: e.yq, expression: ""}
            probes:
            - {file: s.sh, script: null}
            """);
        write(work.resolve("s.sh"), "#!/bin/sh\n\techo \"tab\" 'quote'\n\n  exit 0  \n");
        write(work.resolve("d.txt"), "yes");
        write(work.resolve("e.yq"), ".a = \"ä\"");
        InstanceConfig c = resolved("t.yaml");
        assertThat(c.provision())
                .extracting(InstanceConfig.Provision::script)
                .containsExactly("#!/bin/sh\n\techo \"tab\" 'quote'\n\n  exit 0  \n", "yes", ".a = \"ä\"");
        assertThat(c.probes().getFirst().script()).startsWith("#!/bin/sh\n\techo");
    }

    @ParameterizedTest
    @ValueSource(strings = {"default", "debian-local"})
    void theTemplatesOfThisProjectResolve(String name) throws IOException {
        Path templates = Path.of("../../templates").toAbsolutePath().normalize();
        TemplateSearch shipped = new TemplateSearch(List.of(templates), work, home);
        assertThat(reader.templateNames(shipped)).contains(name);
        Template template = reader.locate("template:" + name, shipped);
        assertThat(template.instanceName()).contains(name);
        for (Arch arch : List.of(Arch.X86_64, Arch.AARCH64)) {
            var resolved = reader.resolve(
                    template.text(),
                    template.source(),
                    Given.linux(home).on("linux", arch).facts());
            InstanceConfig c = resolved.config();
            assertThat(resolved.warnings()).singleElement().asString().contains("there is no /home/foo yet");
            assertThat(c.images().getLast().file())
                    .isEqualTo(new InstanceConfig.FileRef("debian:bookworm", Arch.X86_64, null));
            assertThat(c.images()).hasSize(name.equals("debian-local") ? 1 : 4);
            assertThat(c.mounts()).singleElement().matches(m -> m.location().equals("/home/foo") && !m.writable());
            assertThat(c.containerd().user()).isFalse();
            assertThat(c.vmType()).isNull();
        }
        assertThat(Files.readAllLines(templates.resolve(name + ".yaml")))
                .filteredOn(line -> !line.isBlank())
                .as("every line says what it is for")
                .allMatch(line -> line.contains("#"));
    }

    @Test
    void emptyLocatorsAreRefused() {
        assertThatThrownBy(() -> reader.locate(" ", search())).isInstanceOf(LimaException.class);
    }

    @ParameterizedTest
    @CsvSource({
        "a, true",
        "A1, true",
        "a.b, true",
        "a-b_c.d, true",
        "'', false",
        "-a, false",
        "a-, false",
        "a..b, false",
        "a b, false",
        "a/b, false",
        "x.yaml, false",
        "x.YML, false",
        "yaml, true"
    })
    void instanceNamesFollowTheRule(String name, boolean valid) {
        assertThat(Identifier.isInstanceName(name)).isEqualTo(valid);
    }

    @Test
    void instanceNamesHaveAtMost76Characters() {
        assertThat(Identifier.isInstanceName("a".repeat(76))).isTrue();
        assertThat(Identifier.isInstanceName("a".repeat(77))).isFalse();
    }
}
