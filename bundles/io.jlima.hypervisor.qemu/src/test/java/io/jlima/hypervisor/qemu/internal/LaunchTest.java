// SPDX-License-Identifier: Apache-2.0
package io.jlima.hypervisor.qemu.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jlima.api.HostEnvironment;
import io.jlima.api.LimaException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(180)
class LaunchTest {
    @TempDir
    Path home = Path.of("unset");

    private HostEnvironment callerWith(String... programs) throws Exception {
        Path bin = Files.createDirectory(home.resolve("bin"));
        for (String program : programs) {
            Path file = HostEnvironment.ofThisProcess().findProgram(program).orElseThrow();
            Files.createSymbolicLink(bin.resolve(program), file);
        }
        return new HostEnvironment(Map.of("PATH", bin.toString()), home, 0137);
    }

    @ParameterizedTest
    @ValueSource(strings = {"setsid", "perl"})
    void givesASessionAndAUmask(String program) throws Exception {
        Path log = Files.writeString(home.resolve("log"), "before\n");
        String script = "read -r stat < /proc/$$/stat; echo \"$stat\"; umask; echo \"$0|$1\"";

        Process process = Launch.start(List.of("/bin/sh", "-c", script, "a b", "c'\"d"), callerWith(program), log);

        assertThat(process.waitFor()).isZero();
        List<String> lines = Files.readAllLines(log);
        assertThat(lines.getFirst()).isEqualTo("before");
        String[] stat = lines.get(1).split(" ");
        assertThat(stat[0]).as("pid").isEqualTo(Long.toString(process.pid()));
        assertThat(stat[5]).as("session").isEqualTo(Long.toString(process.pid()));
        assertThat(lines.subList(2, 4)).containsExactly("0137", "a b|c'\"d");
    }

    @Test
    void needsAWayToASession() throws Exception {
        HostEnvironment caller = callerWith();

        assertThatThrownBy(() -> Launch.detached(List.of("/bin/true"), caller))
                .isInstanceOf(LimaException.class)
                .hasMessageContaining("util-linux");
    }
}
