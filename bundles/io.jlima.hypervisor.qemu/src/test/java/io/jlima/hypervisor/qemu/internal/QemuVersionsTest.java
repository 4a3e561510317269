// SPDX-License-Identifier: Apache-2.0
package io.jlima.hypervisor.qemu.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jlima.api.LimaException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class QemuVersionsTest {
    @TempDir
    Path home = Path.of("unset");

    @Test
    void asksOnlyOnceUntilTheFileChanges() throws IOException {
        QemuVersions versions = new QemuVersions();
        Path calls = home.resolve("calls");
        String script = "echo \"$@\" >> '" + calls + "'; echo 'QEMU emulator version %s'";
        QemuProgram program = new QemuProgram(Caller.program(home, script.formatted("8.0.0")), List.of());

        assertThat(versions.of(program, Caller.in(home))).hasToString("8.0.0");
        assertThat(versions.of(program, Caller.in(home))).hasToString("8.0.0");
        assertThat(calls).content().isEqualTo("--version\n");

        Caller.program(home, script.formatted("10.1.2"));
        Files.setLastModifiedTime(program.path(), FileTime.fromMillis(0));
        assertThat(versions.of(program, Caller.in(home))).hasToString("10.1.2");
    }

    @Test
    void showsTheWordsOfWhatIsNoQemu() throws IOException {
        QemuProgram program = new QemuProgram(Caller.program(home, "echo library missing >&2; exit 127"), List.of());

        assertThatThrownBy(() -> new QemuVersions().of(program, Caller.in(home)))
                .isInstanceOf(LimaException.class)
                .hasMessageContaining("library missing")
                .hasMessageContaining("127");
    }
}
