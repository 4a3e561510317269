// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ByteCountTest {
    @ParameterizedTest
    @CsvSource({
        "1, 1",
        "1B, 1",
        "1k, 1024",
        "10MiB, 10485760",
        "1.5 GB, 1610612736",
        "2T, 2199023255552",
        "1 pib, 1125899906842624"
    })
    void sizes(String text, long bytes) {
        assertThat(ByteCount.parse(text, "size")).isEqualTo(bytes);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "x", "-1", "1X", "1 2", "1GiBB", "9999999999P", "1..5"})
    void noSizes(String text) {
        assertThatThrownBy(() -> ByteCount.parse(text, "size"))
                .hasMessageStartingWith("invalid argument \"" + text + "\" for \"--size\" flag");
    }
}
