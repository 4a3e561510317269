// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jlima.api.config.ConfigReader;
import io.jlima.api.instance.Instance.Status;
import io.jlima.cli.internal.FakeInstances;
import io.jlima.cli.internal.edit.EditFlags;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CreationTest {
    private final FakeInstances instances = new FakeInstances(Path.of("/lima"));
    private final Reader reader = new Reader();
    private final Creation creation = new Creation(
            instances,
            reader,
            new EditFlags(reader, (expression, tree) -> List.of(Map.of("cpus", 1))),
            new CreationQuestion(instances, new NoCache()));

    /** Every locator leads to a template named after what follows its last slash or colon; {@code old:} has a note. */
    private static final class Reader implements ConfigReader {
        @Override
        public Template locate(String locator, TemplateSearch search, Embed embed) {
            String name = locator.replaceAll(".*[:/]", "").replace(".yaml", "");
            return new Template(
                    "text of " + locator,
                    locator,
                    name.isEmpty() ? Optional.empty() : Optional.of(name),
                    locator.startsWith("old:") ? "an old spelling" : null);
        }

        @Override
        public Template embed(String text, String source, TemplateSearch search, Embed embed) {
            return new Template(text, source, Optional.empty(), null);
        }

        @Override
        public String url(String locator, TemplateSearch search) {
            return locator;
        }

        @Override
        public List<String> templateNames(TemplateSearch search) {
            return search.directories().stream().map(Path::toString).toList();
        }

        @Override
        public Map<String, @Nullable Object> parse(String text, String source) {
            return new LinkedHashMap<>();
        }

        @Override
        public String rewrite(String text, String source, Map<String, ? extends @Nullable Object> tree) {
            return text + " with " + tree;
        }

        @Override
        public String write(@Nullable Object tree) {
            return String.valueOf(tree);
        }

        @Override
        public Map<String, Object> schema() {
            return Map.of();
        }

        @Override
        public Resolved resolve(String text, String source, Facts facts) {
            throw new UnsupportedOperationException();
        }
    }

    @BeforeEach
    void have() throws InterruptedException {
        instances.all.add(FakeInvocation.instance("there", Status.STOPPED, Path.of("/lima/there"), List.of()));
    }

    @ParameterizedTest
    @CsvSource({
        ", , default, template:default",
        ", n, n, template:default",
        "vm1, , vm1, template:default",
        "vm1, vm1, vm1, template:default",
        "template:debian, , debian, template:debian",
        "template:debian, n, n, template:debian",
        "./x.yaml, , x, ./x.yaml",
        "x.yaml, , x, x.yaml",
        "old:x, , x, old:x"
    })
    void wordsBecomeAnInstance(String word, String name, String instance, String source) throws InterruptedException {
        FakeInvocation call = word == null ? new FakeInvocation() : new FakeInvocation(word);
        if (name != null) {
            call.option("name", name);
        }
        assertThat(creation.create(call)).isEqualTo(instance);
        assertThat(instances.calls).containsExactly("create " + instance + " of " + source + ": text of " + source);
        assertThat(call.log.contains("warn: an old spelling")).isEqualTo(source.startsWith("old:"));
        assertThat(call.log.stream().anyMatch(l -> l.contains("from template:default")))
                .isEqualTo("vm1".equals(word));
        assertThat(call.log.stream().filter(l -> l.contains("runs as root")))
                .hasSize("root".equals(System.getProperty("user.name")) ? 1 : 0);
    }

    @Test
    void aTemplateMayComeFromStandardInput() throws InterruptedException {
        FakeInvocation call = new FakeInvocation("-").option("name", "n");
        call.input = "images: [ä]\n";
        assertThat(creation.create(call)).isEqualTo("n");
        assertThat(instances.calls).containsExactly("create n of stdin: images: [ä]\n");
        assertThatThrownBy(() -> creation.create(new FakeInvocation("-")))
                .hasMessage("a template from standard input has no name\nGive one with --name NAME");
        FakeInvocation endless = new FakeInvocation("-").option("name", "n");
        endless.input = "#".repeat((4 << 20) + 1);
        assertThatThrownBy(() -> creation.create(endless))
                .hasMessage("the template on standard input is longer than 4 MiB");
    }

    @Test
    void namesThatContradictAreRefused() throws InterruptedException {
        assertThatThrownBy(() -> creation.create(new FakeInvocation("a").option("name", "b")))
                .hasMessageStartingWith("instance name `a` and --name `b` cannot be both given");
        assertThatThrownBy(() -> creation.create(new FakeInvocation("https://host/")))
                .hasMessageStartingWith("no instance name can be made of `https://host/`");
        assertThat(instances.calls).isEmpty();
    }

    @Test
    void whatExistsIsFoundByName() throws InterruptedException {
        assertThat(creation.existing(new FakeInvocation("there"))).contains("there");
        assertThat(creation.existing(new FakeInvocation().option("name", "there")))
                .contains("there");
        assertThat(creation.existing(new FakeInvocation("other"))).isEmpty();
        assertThat(creation.existing(new FakeInvocation("template:there"))).isEmpty();
        assertThat(creation.existing(new FakeInvocation())).isEmpty();
        assertThat(creation.templateNames(new FakeInvocation().caller())).containsExactly("/lima/templates");
    }
}
