// SPDX-License-Identifier: Apache-2.0
package io.jlima.config.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.jlima.api.config.InstanceConfig;
import java.io.IOException;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Merging the bases of templates, and taking in the files that they name. */
class TemplateBasesTest extends TemplateDirectories {
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
}
