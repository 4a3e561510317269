// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.cidata;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** All programs of the volume, as texts. */
class VolumeProgramsTest {
    private static final Path SOURCE =
            Path.of("src/main/resources/io/jlima/core/internal/cidata").toAbsolutePath();

    static List<Path> programs() throws Exception {
        try (var files = Files.walk(SOURCE)) {
            return files.filter(f -> f.toString().endsWith(".sh")).toList();
        }
    }

    @Test
    void theListNamesExactlyTheFilesThatAreThere() throws Exception {
        try (var files = Files.walk(SOURCE.resolve("volume"))) {
            List<String> there = files.filter(Files::isRegularFile)
                    .map(f -> SOURCE.resolve("volume").relativize(f).toString())
                    .sorted()
                    .toList();
            assertThat(new VolumeResources().paths()).isEqualTo(there);
        }
        // So long may a name be for every reader of such volumes.
        assertThat(new VolumeResources().paths())
                .allMatch(path -> Path.of(path).getFileName().toString().length() <= 30);
    }

    @ParameterizedTest
    @MethodSource("programs")
    void theShellTakesEachProgram(Path program) throws Exception {
        Program.Result result = Program.run(Map.of(), "sh", "-n", program.toString());

        assertThat(result.status()).as(result.output()).isZero();
        assertThat(Files.readString(program)).startsWith("#").endsWith("\n").doesNotContain("\r");
    }

    @ParameterizedTest
    @CsvSource({
        "1.2.3, -eq, 1.2.3, 0",
        "1.2.3, -lt, 1.10, 0",
        "1.10, -lt, 1.2.3, 1",
        "5.13, -ge, 5.13, 0",
        "5.4, -ge, 5.13, 1",
        "2, -gt, 1.9, 0",
        "2, -ne, 2, 1",
        "2, -le, 2, 0",
        "2, is, 2, 2",
    })
    void versionsAreComparedByTheirNumbers(String a, String operator, String b, int status) throws Exception {
        Path program = SOURCE.resolve("volume/util/compare_version.sh");

        assertThat(Program.run(Map.of(), "sh", program.toString(), a, operator, b)
                        .status())
                .isEqualTo(status);
    }
}
