// SPDX-License-Identifier: Apache-2.0
package io.jlima.image.debian.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.jlima.api.Arch;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class RecipeTest {
    private static Recipe recipe(String location) {
        return new Recipe(DebianLocation.parse(location), Arch.X86_64);
    }

    @Test
    void theCommandsAreThese() throws IOException {
        Recipe recipe = recipe("debian:bookworm?include=git,g++");
        String commands = String.join("\n", recipe.treeCommand("unshare", Path.of("/cache/it's here.part"))) + "\n\n"
                + String.join("\n", recipe.diskCommand(Path.of("/cache/it's here.part"))) + "\n";
        try (InputStream golden = RecipeTest.class.getResourceAsStream("commands.golden")) {
            assertThat(golden).isNotNull();
            assertThat(commands).isEqualTo(new String(golden.readAllBytes(), StandardCharsets.UTF_8));
        }
    }

    @Test
    void equalWishesHaveEqualKeys() {
        assertThat(recipe("debian:bookworm?include=git,make").key())
                .matches("[0-9a-f]{32}")
                .isEqualTo(recipe("debian:bookworm?variant=minbase&include=make,git,make")
                        .key());
    }

    @ParameterizedTest
    @ValueSource(strings = {"debian:trixie", "debian:bookworm?include=git", "debian:bookworm?variant=apt"})
    void differentWishesHaveDifferentKeys(String other) {
        assertThat(recipe(other).key()).isNotEqualTo(recipe("debian:bookworm").key());
    }

    @Test
    void theArchitectureIsPartOfTheKey() {
        DebianLocation location = DebianLocation.parse("debian:bookworm");
        assertThat(new Recipe(location, Arch.AARCH64).key()).isNotEqualTo(new Recipe(location, Arch.X86_64).key());
    }

    @Test
    void aPackageOfOursThatIsAskedForChangesNothing() {
        assertThat(recipe("debian:bookworm?include=rsync").key())
                .isEqualTo(recipe("debian:bookworm").key());
    }

    @Test
    void theRecipeTextTellsTheWholeOfIt() {
        assertThat(recipe("debian:bookworm?include=git").text())
                .contains("arch: x86_64", "bookworm", "git", "jlima-guest-early.service", "switch_root", "mke2fs");
    }

    @ParameterizedTest
    @CsvSource({
        "X86_64,linux-image-amd64,ttyS0",
        "AARCH64,linux-image-arm64,ttyAMA0",
        "ARMV7L,linux-image-armmp,ttyAMA0",
        "PPC64LE,linux-image-powerpc64le,hvc0",
        "RISCV64,linux-image-riscv64,ttyS0",
        "S390X,linux-image-s390x,ttysclp0"
    })
    void everyArchitectureHasItsKernelAndConsole(Arch arch, String kernel, String console) {
        Recipe recipe = new Recipe(DebianLocation.parse("debian:bookworm"), arch);
        assertThat(recipe.treeCommand("root", Path.of("/x")))
                .anySatisfy(word -> assertThat(word).startsWith("--include=").contains(kernel));
        assertThat(recipe.cmdline())
                .startsWith("root=LABEL=lima-root rw console=" + console + " ")
                .contains(" cloud-init=disabled");
    }

    @ParameterizedTest
    @EnumSource(names = {"X86_64", "AARCH64"})
    void theScriptsAreSoundShell(Arch arch) throws Exception {
        for (String script : new Recipe(DebianLocation.parse("debian:bookworm"), arch)
                .scripts().values().stream().filter(text -> text.contains("\n")).toList()) {
            assertThat(shellErrors(script)).isEmpty();
        }
        for (String name : List.of("initrd-init", "guest-early")) {
            try (InputStream in = Recipe.class.getResourceAsStream(name)) {
                assertThat(in).isNotNull();
                assertThat(shellErrors(new String(in.readAllBytes(), StandardCharsets.UTF_8)))
                        .isEmpty();
            }
        }
    }

    private static String shellErrors(String script) throws Exception {
        Process shell = new ProcessBuilder("sh", "-n").redirectErrorStream(true).start();
        try (OutputStream in = shell.getOutputStream()) {
            in.write(script.getBytes(StandardCharsets.UTF_8));
        }
        String said = new String(shell.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(shell.waitFor(60, TimeUnit.SECONDS)).isTrue();
        return said + (shell.exitValue() == 0 ? "" : "exit code " + shell.exitValue());
    }
}
