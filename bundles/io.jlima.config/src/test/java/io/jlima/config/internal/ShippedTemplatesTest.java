// SPDX-License-Identifier: Apache-2.0
package io.jlima.config.internal;

import static org.assertj.core.api.Assertions.assertThat;

import com.networknt.schema.InputFormat;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import io.jlima.api.Arch;
import io.jlima.api.config.ConfigReader.Embed;
import io.jlima.api.config.ConfigReader.Resolved;
import io.jlima.api.config.ConfigReader.TemplateSearch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.ObjectMapper;

/** The templates that come with jlima: each is sound, in the schema's eyes too. */
class ShippedTemplatesTest {
    private static final Path TEMPLATES =
            Path.of("../../templates").toAbsolutePath().normalize();
    private static final TemplateSearch SEARCH =
            new TemplateSearch(List.of(TEMPLATES), TEMPLATES, Path.of("/home/foo"));
    private static final YamlConfigReader READER = new YamlConfigReader();
    private static final Schema SCHEMA = SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12)
            .getSchema(new ObjectMapper().writeValueAsString(READER.schema()));

    @TempDir
    Path home;

    static List<String> names() {
        return READER.templateNames(SEARCH);
    }

    /** All files, the hidden parts included. */
    static List<Path> files() throws IOException {
        try (Stream<Path> files = Files.walk(TEMPLATES)) {
            return files.filter(f -> f.toString().endsWith(".yaml")).sorted().toList();
        }
    }

    @Test
    void whatTheIssueAsksForIsThere() {
        assertThat(names())
                .contains(
                        "default",
                        "alpine",
                        "alpine-iso",
                        "ubuntu",
                        "ubuntu-lts",
                        "ubuntu-22.04",
                        "ubuntu-24.04",
                        "debian",
                        "debian-12",
                        "debian-13",
                        "fedora",
                        "archlinux",
                        "opensuse",
                        "almalinux",
                        "rocky",
                        "centos-stream",
                        "oraclelinux",
                        "docker",
                        "docker-rootful",
                        "podman",
                        "buildkit",
                        "apptainer",
                        "k3s",
                        "k8s",
                        "nomad",
                        "faasd",
                        "debian-local")
                .noneMatch(name -> name.startsWith("_"));
    }

    @ParameterizedTest
    @MethodSource("names")
    void eachMakesAnInstance(String name) {
        String text = READER.locate("template:" + name, SEARCH).text();
        for (Arch arch : List.of(Arch.X86_64, Arch.AARCH64)) {
            Resolved resolved = READER.resolve(
                    text, name, Given.linux(home).on("linux", arch).facts());
            // Some images boot by BIOS on PCs and by UEFI elsewhere; and the home directory of this test is not there.
            assertThat(resolved.warnings())
                    .allMatch(
                            w -> w.endsWith("it means nothing on aarch64") || w.contains("there is no /home/foo yet"));
            boolean local = name.equals("debian-local") && arch != Arch.X86_64;
            assertThat(resolved.config().images().stream()
                            .anyMatch(i -> i.file().arch() == arch))
                    .as("an image for %s", arch)
                    .isNotEqualTo(local);
        }
    }

    @ParameterizedTest
    @MethodSource("files")
    void eachFileFitsTheSchema(Path file) throws IOException {
        String text = Files.readString(file);
        assertThat(SCHEMA.validate(text, InputFormat.YAML)).isEmpty();
        String schema = TEMPLATES.equals(file.getParent()) ? "lima.schema.json" : "../lima.schema.json";
        assertThat(text).startsWith("# yaml-language-server: $schema=" + schema + "\n");
    }

    @Test
    void theSchemaFindsMistakes() {
        assertThat(SCHEMA.validate("cpus: four", InputFormat.YAML)).isNotEmpty();
        assertThat(SCHEMA.validate("cpu: 4", InputFormat.YAML)).isNotEmpty();
        assertThat(SCHEMA.validate("arch: amd64", InputFormat.YAML)).isNotEmpty();
        assertThat(SCHEMA.validate("mounts: [{location: /a, writeable: true}]", InputFormat.YAML))
                .isNotEmpty();
        assertThat(SCHEMA.validate("cpus: '4'\nmounts: null\nbase: template:x", InputFormat.YAML))
                .isEmpty();
    }

    @Test
    void theShippedSchemaIsThatOfTheModel() throws IOException {
        Path fresh = Path.of("target/lima.schema.json");
        Files.createDirectories(fresh.getParent());
        Files.writeString(
                fresh, new ObjectMapper().writerWithDefaultPrettyPrinter().writeValueAsString(READER.schema()));
        assertThat(TEMPLATES.resolve("lima.schema.json"))
                .as("out of date: copy %s over it", fresh)
                .exists();
        String shipped = Files.readString(TEMPLATES.resolve("lima.schema.json"));
        assertThat(READER.parse(shipped, "lima.schema.json")).isEqualTo(READER.schema());
    }

    @Test
    void imagesAreNamedInOnePlace() throws IOException {
        Set<String> places = new TreeSet<>();
        for (Path file : files()) {
            if (Files.readString(file).contains("location: \"http")) {
                places.add(TEMPLATES.relativize(file).toString());
            }
        }
        assertThat(places).isNotEmpty().allMatch(place -> place.startsWith("_images/"));
    }

    @Test
    void commentsOfATemplateSurviveItsBases() {
        String text = READER.locate("template:default", SEARCH).text();
        assertThat(text)
                .contains("cpus: null # null gives up to 4")
                .contains("# yaml-language-server: $schema=" + TEMPLATES.resolve("lima.schema.json"))
                .doesNotContain("base:");
        Resolved resolved = READER.resolve(text, "default", Given.linux(home).facts());
        assertThat(resolved.config().images().getFirst().file().location()).startsWith("https://cloud.debian.org/");
        assertThat(resolved.config().images().stream().map(i -> i.file().location()))
                .contains("debian:bookworm");
        assertThat(resolved.config().mounts()).hasSize(1);
    }

    @Test
    void lessCanBePutIn() {
        String kept = READER.locate("template:docker", SEARCH, Embed.EXTERNAL).text();
        assertThat(kept).contains("template:_images/ubuntu-26.04", "# Docker without root");
        assertThat(READER.locate("template:docker", SEARCH, Embed.NOTHING).text())
                .contains("$schema=lima.schema.json");
        assertThat(READER.locate(TEMPLATES.resolve("docker.yaml").toString(), SEARCH, Embed.ALL)
                        .text())
                .contains("cloud-images.ubuntu.com")
                .doesNotContain("base:");
    }

    static List<String> olderFiles() {
        return List.of("""
            images:
              - location: 'https://example.org/alpine.iso'
                arch: 'x86_64'
                digest: 'sha512:%s'
            arch: 'x86_64'
            """.formatted("0123456789abcdef".repeat(8)), """
            images: [{location: '/image'}]
            mountType: '9p'
            mounts:
              - location: '~'
                9p: {securityModel: null, protocolVersion: null, msize: null, cache: null}
            """, """
            images: [{location: '/image'}]
            mountType: 'reverse-sshfs'
            mounts:
              - location: '~'
                sshfs: {cache: null, followSymlinks: null, sftpDriver: null}
            """, """
            images: [{location: '/image'}]
            mounts:
              - location: '~'
              - location: '/tmp/lima'
                writable: true
            """, """
            images: [{location: '/image', arch: 'aarch64'}]
            arch: 'aarch64'
            mounts: []
            containerd: {system: false, user: false}
            """, """
            images: [{location: '/image', arch: 'aarch64'}]
            arch: 'aarch64'
            firmware: {legacyBIOS: true}
            """, """
            images: [{location: '/image'}]
            useHostResolver: true
            """);
    }

    @ParameterizedTest
    @MethodSource("olderFiles")
    void filesOfOlderPagesAreAccepted(String text) {
        Resolved resolved = READER.resolve(text, "older.yaml", Given.linux(home).facts());
        assertThat(resolved.config().images()).hasSize(1);
        if (text.contains("/tmp/lima")) {
            assertThat(resolved.config().mounts().stream()
                            .map(m -> m.location() + ":" + m.writable())
                            .collect(Collectors.toList()))
                    .containsExactly("/home/foo:false", "/tmp/lima:true");
        }
    }
}
