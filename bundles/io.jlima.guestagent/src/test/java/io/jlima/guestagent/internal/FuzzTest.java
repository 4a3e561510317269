// SPDX-License-Identifier: Apache-2.0
package io.jlima.guestagent.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The agent's side of the protocol against spoiled sessions, some thousands in some seconds, with sanitizers. */
@Timeout(120)
class FuzzTest {
    private static final int NO_CAGE = 77;

    @TempDir
    Path folder;

    @Test
    void spoiledSessions() throws Exception {
        Path program = Path.of("target/sanitized/fuzz").toAbsolutePath();
        Assumptions.assumeTrue(Files.isExecutable(program), "there is no C compiler here");
        Path output = folder.resolve("output");
        Process process = new ProcessBuilder(program.toString(), "5")
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        int code = process.waitFor();
        Assumptions.assumeFalse(code == NO_CAGE, "no namespaces may be made here");
        assertThat(code).as(Files.readString(output)).isZero();
        String inputs = Files.readString(output).replaceAll("(?s).*?(\\d+) inputs.*", "$1");
        assertThat(Integer.parseInt(inputs)).isGreaterThanOrEqualTo(1000);
    }
}
