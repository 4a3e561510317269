// SPDX-License-Identifier: Apache-2.0
package io.jlima.config.internal;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.jlima.api.LimaException;
import io.jlima.config.internal.edit.PlainTrees;
import io.jlima.config.internal.edit.Rewriter;
import io.jlima.config.internal.yaml.Mapping;
import io.jlima.config.internal.yaml.YamlText;
import java.util.List;

/** A text can be made to say what any other says; made to say what it says, it stays as it is. */
class EditFuzzTest {
    @FuzzTest(maxDuration = "10m")
    void edit(byte[] input) {
        List<String> parts = Fuzzed.parts(input, 2);
        Mapping now;
        Mapping wanted;
        try {
            now = YamlText.read(parts.getFirst(), "fuzz.yaml");
            wanted = YamlText.read(parts.get(1), "wanted.yaml");
        } catch (LimaException e) {
            Fuzzed.checkMessage(e);
            return;
        }
        assertThat(Rewriter.rewrite(parts.getFirst(), "fuzz.yaml", PlainTrees.mapping(PlainTrees.of(now))))
                .isEqualTo(parts.getFirst());
        String edited = Rewriter.rewrite(parts.getFirst(), "fuzz.yaml", wanted);
        assertThat(PlainTrees.equal(YamlText.read(edited, "edited.yaml"), wanted))
                .as(edited)
                .isTrue();
    }
}
