// SPDX-License-Identifier: Apache-2.0
package io.jlima.ssh.internal;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ExitCodeTest {
    @ParameterizedTest
    @CsvSource({
        "0,,0",
        "7,,7",
        "255,,255",
        ",TERM,143",
        ",KILL,137",
        ",INT,130",
        ",HUP,129",
        ",SEGV,139",
        ",SIG@openssh.com,255",
        ",,255"
    })
    void isWhatAShellWouldSay(Integer status, String signal, int code) {
        assertThat(ExitCode.of(status, signal)).isEqualTo(code);
    }
}
