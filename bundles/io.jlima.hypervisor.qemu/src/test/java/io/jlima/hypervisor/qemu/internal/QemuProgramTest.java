// SPDX-License-Identifier: Apache-2.0
package io.jlima.hypervisor.qemu.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jlima.api.Arch;
import io.jlima.api.HostEnvironment;
import io.jlima.api.LimaException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class QemuProgramTest {
    @TempDir
    Path home = Path.of("unset");

    private static QemuProgram find(Arch arch, HostEnvironment caller) {
        return QemuProgram.find(arch, caller, HostOs.LINUX);
    }

    @Test
    void isFoundOnTheCallersPath() throws IOException {
        Path program = Caller.program(home.resolve("bin"), "exit 0");

        assertThat(find(Arch.X86_64, Caller.in(home, "PATH", home.resolve("bin") + ":/usr/bin")))
                .isEqualTo(new QemuProgram(program, List.of()));
    }

    @Test
    void isWhatTheVariableSays() throws IOException {
        Path program = Caller.program(home.resolve("my qemu"), "exit 0");
        String value = "'" + program + "' -cpu \"Nehalem v1\"";

        assertThat(find(Arch.X86_64, Caller.in(home, "QEMU_SYSTEM_X86_64", value, "LIMA_SYSTEM_X86_64", "/nowhere")))
                .isEqualTo(new QemuProgram(program, List.of("-cpu", "Nehalem v1")));
        assertThat(find(Arch.X86_64, Caller.in(home, "LIMA_SYSTEM_X86_64", value))
                        .path())
                .isEqualTo(program);
        assertThat(find(Arch.ARMV7L, Caller.in(home, "QEMU_SYSTEM_ARM", value)).path())
                .isEqualTo(program);
    }

    @ParameterizedTest
    @CsvSource({
        "X86_64,  qemu-system-x86_64,  qemu-system-x86",
        "AARCH64, qemu-system-aarch64, qemu-system-arm",
        "ARMV7L,  qemu-system-arm,     qemu-system-arm",
        "PPC64LE, qemu-system-ppc64,   qemu-system-ppc",
        "RISCV64, qemu-system-riscv64, qemu-system-misc",
        "S390X,   qemu-system-s390x,   qemu-system-misc"
    })
    void isMissing(Arch arch, String program, String debianPackage) throws IOException {
        // The search goes on to the sbin directories, which hold no emulators.
        Path empty = Files.createDirectory(home.resolve("empty"));

        assertThatThrownBy(() -> find(arch, Caller.in(home, "PATH", empty.toString())))
                .isInstanceOf(LimaException.class)
                .hasMessageContaining("no " + program + " ")
                .hasMessageContaining("apt-get install " + debianPackage);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            /nowhere/qemu -m 1 | /nowhere/qemu
            "open              | cannot be split
            """)
    void isNamedWrongly(String value, String words) {
        assertThatThrownBy(() -> find(Arch.X86_64, Caller.in(home, "QEMU_SYSTEM_X86_64", value)))
                .isInstanceOf(LimaException.class)
                .hasMessageContaining("QEMU_SYSTEM_X86_64")
                .hasMessageContaining(words);
    }
}
