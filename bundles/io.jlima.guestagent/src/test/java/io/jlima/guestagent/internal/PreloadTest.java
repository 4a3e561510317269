// SPDX-License-Identifier: Apache-2.0
package io.jlima.guestagent.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What sshfs in the guest is to load, loaded into a program that speaks like it, by each libc. */
@Timeout(60)
class PreloadTest {
    private static final Path PROGRAMS = Path.of("target/classes/io/jlima/guestagent/internal/programs");

    private static String run(Path program, String preload) throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(program.toAbsolutePath().toString()).redirectErrorStream(true);
        builder.environment().put("LD_PRELOAD", preload);
        Process process = builder.start();
        String words = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        process.waitFor();
        return words;
    }

    @ParameterizedTest
    @ValueSource(strings = {"glibc", "fortified", "musl"})
    void aFullDiskIsToldAsSuch(String libc) throws Exception {
        Path program = Path.of("target/sanitized/sshfs-" + libc);
        String arch = System.getProperty("os.arch").equals("amd64") ? "x86_64" : System.getProperty("os.arch");
        Path preload = PROGRAMS.resolve("lima-sshfs-enospc-" + arch + ".so").toAbsolutePath();
        assumeTrue(Files.exists(program) && Files.exists(preload), "nothing to build it here");
        assertThat(run(program, preload.toString())).isEqualTo("good\n");
        assertThat(run(program, "")).as("without it").isEqualTo("FAIL no space\n");
    }
}
