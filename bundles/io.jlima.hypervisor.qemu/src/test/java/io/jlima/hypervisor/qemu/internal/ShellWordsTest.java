// SPDX-License-Identifier: Apache-2.0
package io.jlima.hypervisor.qemu.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ShellWordsTest {
    @Test
    void splitsAsAShellDoes() {
        assertThat(ShellWords.split(" qemu  -m 1 ")).contains(List.of("qemu", "-m", "1"));
        assertThat(ShellWords.split("'a b'\"c d\"e\\ f ''")).contains(List.of("a bc de f", ""));
        assertThat(ShellWords.split("\"a\\\"b\\c\" 'd\\e'")).contains(List.of("a\"b\\c", "d\\e"));
        assertThat(ShellWords.split("a\tb\nc")).contains(List.of("a", "b", "c"));
        assertThat(ShellWords.split("  ")).contains(List.of());
    }

    @ParameterizedTest
    @ValueSource(strings = {"'open", "\"open", "end\\"})
    void refusesWhatIsLeftOpen(String text) {
        assertThat(ShellWords.split(text)).isEmpty();
    }
}
