// SPDX-License-Identifier: Apache-2.0
package io.jlima.guestagent.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What sshfs in the guest is to load, loaded into a program that speaks like it, by each libc. */
@Timeout(60)
class PreloadTest {
    private static final String WITHOUT = "FAIL no space\n";

    private static final Path EMULATOR = Path.of("/usr/bin/qemu-aarch64-static");

    /** Where Debian's libc6-arm64-cross has its files. */
    private static final Path FOREIGN_ROOT = Path.of("/usr/aarch64-linux-gnu");

    private static Path preload(String arch) {
        return Path.of("target/classes/io/jlima/guestagent/internal/programs/lima-sshfs-enospc-" + arch + ".so")
                .toAbsolutePath();
    }

    private static Path program(String libc) {
        return Path.of("target/sanitized/sshfs-" + libc).toAbsolutePath();
    }

    private static String words(ProcessBuilder builder) throws IOException, InterruptedException {
        Process process = builder.redirectErrorStream(true).start();
        String words = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        process.waitFor();
        return words;
    }

    private static String run(Path program, String preload) throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(program.toString());
        builder.environment().put("LD_PRELOAD", preload);
        return words(builder);
    }

    @ParameterizedTest
    @ValueSource(strings = {"glibc", "fortified", "musl"})
    void aFullDiskIsToldAsSuch(String libc) throws Exception {
        String arch = System.getProperty("os.arch");
        Path preload = preload(arch.equals("amd64") ? "x86_64" : arch);
        assumeTrue(Files.exists(program(libc)) && Files.exists(preload), "nothing to build it here");
        assertThat(run(program(libc), preload.toString())).isEqualTo("good\n");
        assertThat(run(program(libc), "")).isEqualTo(WITHOUT);
    }

    @Test
    void onAarch64Too() throws Exception {
        Path program = program("aarch64");
        assumeTrue(
                List.of(EMULATOR, FOREIGN_ROOT, program, preload("aarch64")).stream()
                        .allMatch(Files::exists),
                "nothing to build or to run it here");
        assertThat(emulated("LD_PRELOAD=" + preload("aarch64"), program)).isEqualTo("good\n");
        assertThat(emulated("LD_PRELOAD=", program)).isEqualTo(WITHOUT);
    }

    private static String emulated(String variable, Path program) throws IOException, InterruptedException {
        return words(new ProcessBuilder(
                EMULATOR.toString(), "-L", FOREIGN_ROOT.toString(), "-E", variable, program.toString()));
    }
}
