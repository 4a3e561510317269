// SPDX-License-Identifier: Apache-2.0
package io.jlima.hypervisor.qemu.internal;

import io.jlima.api.Arch;
import io.jlima.api.HostEnvironment;
import io.jlima.api.LimaException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * The QEMU to run.
 *
 * @param path absolute path of the program
 * @param extraWords words that the user wants before all others
 */
record QemuProgram(Path path, List<String> extraWords) {
    QemuProgram {
        extraWords = List.copyOf(extraWords);
    }

    /** Whether the user's words give this option already. */
    boolean gives(String option) {
        return extraWords.contains(option) || extraWords.contains("-" + option);
    }

    /**
     * Finds the program for a guest of this architecture as the caller would: {@code QEMU_SYSTEM_X86_64} and its like
     * hold a program and words to put first; otherwise {@code qemu-system-x86_64} on the caller's PATH.
     *
     * @throws LimaException when there is none, with the package that brings it
     */
    static QemuProgram find(Arch arch, HostEnvironment caller, HostOs os) {
        String suffix = suffix(arch);
        String key = "_SYSTEM_" + suffix.toUpperCase(Locale.ROOT);
        for (String variable : List.of("QEMU" + key, "LIMA" + key)) {
            Optional<String> value = caller.variable(variable);
            if (value.isPresent()) {
                return ofVariable(variable, value.get(), caller);
            }
        }
        String name = "qemu-system-" + suffix;
        Path path = caller.findProgram(name)
                .orElseThrow(() -> new LimaException(
                        "There is no " + name + " on this host, which a guest of architecture " + arch + " needs",
                        os == HostOs.DARWIN
                                ? "Install it: brew install qemu"
                                : "Install the Debian package " + debianPackage(arch) + ": sudo apt-get install "
                                        + debianPackage(arch)));
        return new QemuProgram(path.toAbsolutePath(), List.of());
    }

    private static QemuProgram ofVariable(String variable, String value, HostEnvironment caller) {
        List<String> words = ShellWords.split(value)
                .filter(w -> !w.isEmpty())
                .orElseThrow(() -> new LimaException(
                        "The variable " + variable + " cannot be split into words",
                        variable + "=" + value,
                        "Quote it as for a shell: a program, then the arguments to put first",
                        null));
        Path path = caller.findProgram(words.getFirst())
                .orElseThrow(() -> new LimaException(
                        "The variable " + variable + " names a program that does not exist or is not executable: "
                                + words.getFirst(),
                        "Correct " + variable + " or unset it"));
        return new QemuProgram(path.toAbsolutePath(), words.subList(1, words.size()));
    }

    /** What follows {@code qemu-system-} in the name of the program. */
    static String suffix(Arch arch) {
        return switch (arch) {
            case ARMV7L -> "arm";
            case PPC64LE -> "ppc64";
            case X86_64, AARCH64, RISCV64, S390X -> arch.word();
        };
    }

    private static String debianPackage(Arch arch) {
        return switch (arch) {
            case X86_64 -> "qemu-system-x86";
            case AARCH64, ARMV7L -> "qemu-system-arm";
            case PPC64LE -> "qemu-system-ppc";
            case RISCV64, S390X -> "qemu-system-misc";
        };
    }
}
