// SPDX-License-Identifier: Apache-2.0
package io.jlima.config.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Finding templates, and the templates that come with jlima. */
class TemplatesTest extends TemplateDirectories {
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
