// SPDX-License-Identifier: Apache-2.0
package io.jlima.config.internal.yaml;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SourceTextTest {
    private final SourceText text = new SourceText("f", "a\n\r\nbb\rc\u0085\u2028d𝔟e\n");

    @Test
    void linesEndAsThoseOfYaml() {
        assertThat(text.line(1)).isEqualTo("a");
        assertThat(text.line(2)).isEmpty();
        assertThat(text.line(3)).isEqualTo("bb");
        assertThat(text.line(4)).isEqualTo("c");
        assertThat(text.line(5)).isEmpty();
        assertThat(text.line(6)).isEqualTo("d𝔟e");
        assertThat(text.line(7)).isEmpty();
    }

    @Test
    void linesThatAreNotThereAreEmpty() {
        assertThat(text.line(0)).isEmpty();
        assertThat(text.line(8)).isEmpty();
        assertThat(new SourceText("f", "").line(1)).isEmpty();
    }

    @Test
    void placesAreFoundByCodePoints() {
        assertThat(text.index(1, 1)).isZero();
        assertThat(text.index(3, 2)).isEqualTo(5);
        assertThat(text.index(6, 3)).isEqualTo(13);
        assertThat(text.index(9, 1)).isEqualTo(15);
    }
}
