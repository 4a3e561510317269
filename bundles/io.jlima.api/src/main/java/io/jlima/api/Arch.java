// SPDX-License-Identifier: Apache-2.0
package io.jlima.api;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** Processor architectures, by the names that lima.yaml uses. */
public enum Arch {
    X86_64("x86_64", "amd64"),
    AARCH64("aarch64", "arm64"),
    ARMV7L("armv7l", "armhf"),
    PPC64LE("ppc64le", "ppc64el"),
    RISCV64("riscv64", "riscv64"),
    S390X("s390x", "s390x");

    private final String word;
    private final String debianWord;

    Arch(String word, String debianWord) {
        this.word = word;
        this.debianWord = debianWord;
    }

    /** The word used in lima.yaml, for example {@code x86_64}. */
    public String word() {
        return word;
    }

    /** Debian's name for it, for example {@code amd64}. */
    public String debianWord() {
        return debianWord;
    }

    /** The architecture of this word of lima.yaml; empty when there is none. */
    public static Optional<Arch> of(String word) {
        return Arrays.stream(values()).filter(a -> a.word.equals(word)).findFirst();
    }

    /** The architecture this JVM runs on. */
    public static Arch host() {
        String name = System.getProperty("os.arch", "").toLowerCase(Locale.ROOT);
        return Arrays.stream(values())
                .filter(a -> a.word.equals(name) || a.debianWord.equals(name))
                .findFirst()
                .orElseThrow(() -> new LimaException("jlima does not know the processor architecture " + name));
    }

    @Override
    public String toString() {
        return word;
    }
}
