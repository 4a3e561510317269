// SPDX-License-Identifier: Apache-2.0
package io.jlima.config.internal;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.jlima.api.LimaException;
import io.jlima.api.config.ConfigReader.Embed;
import io.jlima.api.config.ConfigReader.Resolved;
import io.jlima.api.config.ConfigReader.TemplateSearch;
import io.jlima.config.internal.Resolution.Source;
import io.jlima.config.internal.yaml.Mapping;
import io.jlima.config.internal.yaml.Node.Scalar;
import io.jlima.config.internal.yaml.YamlText;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;

/**
 * Three texts, separated by lines {@code ===}, are merged in both ways there are: as a lima.yaml with its default.yaml
 * and override.yaml, and as a template with two bases. They become one or are refused with a message, whatever they
 * hold.
 */
class MergeFuzzTest {
    private static final TemplateSearch SEARCH =
            new TemplateSearch(List.of(), Path.of("/nonexistent"), Path.of("/nonexistent"));

    private static final Given HOST = Given.linux(Path.of("/nonexistent/lima"));

    @FuzzTest(maxDuration = "10m")
    void merge(byte[] input) {
        List<String> parts = Fuzzed.parts(input, 3);
        layers(parts);
        bases(parts);
    }

    private static void bases(List<String> parts) {
        YamlConfigReader reader = new YamlConfigReader((location, headers, longest, caller) ->
                parts.get(Integer.parseInt(location.getPath().substring(1))));
        String text = "base: [http://h/1, http://h/2]\n" + parts.getFirst();
        Mapping merged;
        try {
            String whole = reader.embed(text, "template", SEARCH, Embed.ALL).text();
            merged = YamlText.read(whole, "merged");
        } catch (LimaException e) {
            Fuzzed.checkMessage(e);
            return;
        }
        assertThat(merged.has("base")).isFalse();
        // The template wins: its single values are those of the whole.
        YamlText.read(parts.getFirst(), "template").entries().forEach((key, value) -> {
            if (value instanceof Scalar scalar && !key.equals("minimumLimaVersion")) {
                assertThat(merged.get(key)).as(key).isInstanceOf(Scalar.class);
                assertThat(Fuzzed.shape(Objects.requireNonNull(merged.get(key))))
                        .isEqualTo(Fuzzed.shape(scalar));
            }
        });
    }

    private static void layers(List<String> parts) {
        Source own = new Source(parts.get(0), "lima.yaml");
        Source lower = new Source(parts.get(1), "default.yaml");
        Source upper = new Source(parts.get(2), "override.yaml");
        Resolved resolved;
        try {
            resolved = new Resolution(HOST.facts()).resolve(lower, own, upper);
        } catch (LimaException e) {
            Fuzzed.checkMessage(e);
            return;
        }
        assertThat(resolved.config().images()).isNotEmpty();
        assertThat(resolved.config().cpus()).isPositive();
        assertThat(resolved.tree()).containsKeys("arch", "memory", "mounts", "user");
        assertThat(resolved.warnings()).doesNotHaveDuplicates().allMatch(line -> !line.contains("\n"));
        // Reading is pure: the same texts make the same configuration.
        assertThat(new Resolution(HOST.facts()).resolve(lower, own, upper).config())
                .isEqualTo(resolved.config());
    }
}
