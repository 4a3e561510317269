// SPDX-License-Identifier: Apache-2.0
package io.jlima.config.internal;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.jlima.api.LimaException;
import io.jlima.config.internal.yaml.Mapping;
import io.jlima.config.internal.yaml.YamlText;
import io.jlima.config.internal.yaml.YamlWriter;

/** Whatever the text is, it is read or refused with a message, and what was read can be written and read again. */
class ParseFuzzTest {
    @FuzzTest(maxDuration = "10m")
    void parse(byte[] input) {
        String text = Fuzzed.text(input);
        Mapping document;
        try {
            document = YamlText.read(text, "fuzz.yaml");
        } catch (LimaException e) {
            Fuzzed.checkMessage(e);
            return;
        }
        String written = YamlWriter.write(document);
        assertThat(Fuzzed.shape(YamlText.read(written, "written.yaml"))).isEqualTo(Fuzzed.shape(document));
    }
}
