// SPDX-License-Identifier: Apache-2.0
package io.jlima.config.internal;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.jlima.api.LimaException;
import io.jlima.api.config.ConfigReader.Resolved;
import io.jlima.config.internal.Resolution.Source;
import java.nio.file.Path;
import java.util.List;

/**
 * A lima.yaml, a default.yaml and an override.yaml, separated by lines {@code ===}: they make a configuration or are
 * refused with a message, whatever they hold.
 */
class MergeFuzzTest {
    private static final Given HOST = Given.linux(Path.of("/nonexistent/lima"));

    @FuzzTest(maxDuration = "10m")
    void merge(byte[] input) {
        List<String> parts = Fuzzed.parts(input, 3);
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
