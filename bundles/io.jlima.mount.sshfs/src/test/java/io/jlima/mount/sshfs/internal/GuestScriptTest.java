// SPDX-License-Identifier: Apache-2.0
package io.jlima.mount.sshfs.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class GuestScriptTest {
    @ParameterizedTest
    @CsvSource({
        "/mnt/x, /mnt/x",
        "/mnt//x/, /mnt/x",
        "/, /",
        "'/two words', '/two\\040words'",
        "'/back\\slash', '/back\\134slash'"
    })
    void pathsAreWrittenAsInTheMountTable(String path, String escaped) {
        assertThat(GuestScript.escaped(path)).isEqualTo(escaped);
    }

    @ParameterizedTest
    @ValueSource(strings = {"plain", "it's", "$HOME `id` \"x\"", "a\nb", "", "-n", "\\", "'''"})
    void aWordArrivesInTheShellAsItIs(String text) throws Exception {
        Process shell = new ProcessBuilder("sh", "-c", "printf %s " + GuestScript.word(text)).start();
        assertThat(new String(shell.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                .isEqualTo(text);
    }

    @Test
    void theShellTakesTheWholeScript() throws Exception {
        String script = GuestScript.together(List.of(
                GuestScript.attach(0, "/mnt/it's", "192.168.5.2:/a b", "directport=1,reconnect", "ro", true),
                GuestScript.detach(1, "/mnt/x")));
        assertThat(new ProcessBuilder("sh", "-n", "-c", script).start().waitFor())
                .isZero();
        assertThat(new ProcessBuilder(
                                "sh", "-n", "-c", GuestScript.alone(GuestScript.passive(0, "/m", ":/a", "ro", "")))
                        .start()
                        .waitFor())
                .isZero();
    }
}
