// SPDX-License-Identifier: Apache-2.0
package io.jlima.hypervisor.qemu.internal;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class QemuVersionTest {
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18+b3) | 7.2.22
            QEMU emulator version 10.0.0                                   | 10.0.0
            QEMU emulator version 9.2.50 (v9.2.0-1-gabc)                   | 9.2.50
            warning: x, then QEMU emulator version 8.1                     | 8.1.0
            """)
    void isReadFromTheFirstLine(String output, String version) {
        assertThat(QemuVersion.ofOutput(output)).hasToString("Optional[" + version + "]");
    }

    @Test
    void isAbsentFromOtherOutput() {
        assertThat(QemuVersion.ofOutput("bash: no such program")).isEmpty();
        assertThat(QemuVersion.of("seven")).isEmpty();
        assertThat(QemuVersion.of("")).isEmpty();
    }

    @Test
    void comparesNumbersAndNotText() {
        assertThat(new QemuVersion(10, 0, 0)).isGreaterThan(new QemuVersion(9, 9, 9));
        assertThat(new QemuVersion(8, 2, 1)).isGreaterThan(new QemuVersion(8, 2, 0));
        assertThat(new QemuVersion(7, 2, 0).atLeast(7, 2)).isTrue();
        assertThat(new QemuVersion(7, 1, 99).atLeast(7, 2)).isFalse();
        assertThat(QemuVersion.of("v8.2")).contains(new QemuVersion(8, 2, 0));
    }
}
