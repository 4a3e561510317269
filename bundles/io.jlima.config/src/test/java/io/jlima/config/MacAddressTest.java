// SPDX-License-Identifier: Apache-2.0
package io.jlima.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class MacAddressTest {
    private static final String MACHINE = "0123456789abcdef0123456789abcdef";
    private static final Path INSTANCE = Path.of("/home/foo/.lima/default");

    @Test
    void isTheOneThatLimaGenerates() {
        assertThat(MacAddress.ofFirstInterface(MACHINE, INSTANCE)).isEqualTo("52:55:55:3e:98:3a");
        assertThat(MacAddress.ofNetwork(MACHINE, INSTANCE, 0)).isEqualTo("52:55:55:b7:52:5b");
    }

    @Test
    void differsByIndexAndMachine() {
        assertThat(MacAddress.ofNetwork(MACHINE, INSTANCE, 1)).isNotEqualTo(MacAddress.ofNetwork(MACHINE, INSTANCE, 0));
        assertThat(MacAddress.ofFirstInterface("other", INSTANCE))
                .isNotEqualTo(MacAddress.ofFirstInterface(MACHINE, INSTANCE));
    }
}
