// SPDX-License-Identifier: Apache-2.0
package io.jlima.image.debian.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.jlima.api.Arch;
import io.jlima.api.HostEnvironment;
import io.jlima.api.LimaException;
import io.jlima.api.Progress;
import io.jlima.api.image.ImageSource.Request;
import io.jlima.api.image.ImageSource.SourcedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What is built, and what is said when it cannot be. */
class DebianImageSourceTest extends SourceOnFakeHost {
    @Test
    void theImageIsBuiltOnceAndKept() throws IOException {
        Watcher watcher = new Watcher("compressing");
        SourcedImage image = fetch(watcher);

        assertThat(image.disk()).hasContent("qcow2").isReadable();
        assertThat(image.kernel()).isNotNull().hasContent("kernel");
        assertThat(image.initrd()).isNotNull().hasContent("initrd");
        assertThat(image.cmdline()).startsWith("root=LABEL=lima-root rw ");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(image.disk())))
                .isEqualTo("r--r--r--");
        assertThat(watcher.titles).containsExactly("Building a Debian bookworm image");
        assertThat(watcher.notes).contains("I: installing essential packages...", "compressing the image (50.00/100%)");
        assertThat(watcher.isClosed()).isTrue();
        assertThat(host.leftTemporaries()).isEmpty();
        assertThat(inCache()).containsExactly(image.disk().getParent());
        try (var files = Files.list(image.disk().getParent())) {
            assertThat(files.map(file -> file.getFileName().toString()))
                    .containsExactlyInAnyOrder("disk.qcow2", "kernel", "initrd", "recipe");
        }

        assertThat(fetch(Progress.SILENT)).isEqualTo(image);
        assertThat(host.runs()).isOne();
    }

    @Test
    void anIncompleteImageIsBuiltAnew() throws IOException {
        SourcedImage image = fetch(Progress.SILENT);
        Files.delete(image.disk().resolveSibling("initrd"));
        assertThat(fetch(Progress.SILENT).initrd()).isNotNull().hasContent("initrd");
        assertThat(host.runs()).isEqualTo(2);
    }

    @Test
    void aForeignArchitectureIsRefused() {
        assertThatThrownBy(() ->
                        source.fetch(new Request(LOCATION, Arch.AARCH64, cache), host.environment(), Progress.SILENT))
                .isInstanceOf(LimaException.class)
                .hasMessageContaining("for aarch64 cannot be built here")
                .hasMessageContaining("arch: x86_64");
        assertThat(cache).doesNotExist();
    }

    @Test
    void mmdebstrapsOwnWordsAreShownWhenItFails() throws IOException {
        host.program(
                "mmdebstrap",
                FakeHost.mmdebstrap(
                        "echo 'E: Unable to locate package gti' >&2; echo 'E: mmdebstrap failed to run'; exit 1"));
        LimaException failure = catchThrowableOfType(LimaException.class, () -> fetch(Progress.SILENT));
        assertThat(failure.what()).isEqualTo("mmdebstrap could not build the image for debian:bookworm");
        assertThat(failure.evidence()).isEqualTo("E: Unable to locate package gti");
        assertThat(failure.remedy()).contains("include=");
        assertNothingLeft();

        host.program("mmdebstrap", FakeHost.mmdebstrap("exit 0"));
        assertThat(fetch(Progress.SILENT).disk()).exists();
    }

    @Test
    void aFullDiskIsNamedWhileTheTreeIsMade() throws IOException {
        host.program("mmdebstrap", FakeHost.mmdebstrap("cat /proc/self/status > /dev/full"));
        LimaException failure = catchThrowableOfType(LimaException.class, () -> fetch(Progress.SILENT));
        assertThat(failure.evidence()).contains("No space left on device");
        assertThat(failure.remedy()).contains("Free some space", host.temporary.toString(), cache.toString());
        assertNothingLeft();
    }

    @Test
    void aFullDiskIsNamedWhileTheImageIsCompressed() throws IOException {
        host.program("qemu-img", "cat /proc/self/status > /dev/full");
        LimaException failure = catchThrowableOfType(LimaException.class, () -> fetch(Progress.SILENT));
        assertThat(failure.what()).isEqualTo("qemu-img could not compress the image for debian:bookworm");
        assertThat(failure.evidence()).contains("No space left on device");
        assertThat(failure.remedy()).contains("Free some space", host.temporary.toString(), cache.toString());
        assertNothingLeft();
    }

    @Test
    void whatIsNotInstalledIsNamedWithItsPackage() throws IOException {
        host.without("mmdebstrap");
        host.without("qemu-img");
        LimaException failure = catchThrowableOfType(LimaException.class, () -> fetch(Progress.SILENT));
        assertThat(failure.what()).endsWith("mmdebstrap, qemu-img are not installed");
        assertThat(failure.remedy()).endsWith("apt install mmdebstrap qemu-utils");
        assertThat(inCache()).isEmpty();
    }

    @Test
    void aCacheThatCannotBeIsSaidSo() throws IOException {
        Files.writeString(cache, "a file");
        assertThatThrownBy(() -> fetch(Progress.SILENT))
                .isInstanceOf(LimaException.class)
                .hasMessageContaining("The image cache " + cache + " cannot be used");
    }

    @Test
    void theCallersEnvironmentIsTheOneThatCounts() throws IOException {
        host.program("mmdebstrap", FakeHost.mmdebstrap("env > \"$HOST/env\"; pwd > \"$HOST/pwd\""));
        Map<String, String> variables = new HashMap<>(host.environment().variables());
        variables.put("http_proxy", "http://proxy.example:3128");
        variables.put("LC_ALL", "fr_FR.UTF-8");
        HostEnvironment caller = new HostEnvironment(variables, directory.resolve("gone"), 022);
        source.fetch(new Request(LOCATION, Arch.X86_64, cache), caller, Progress.SILENT);
        assertThat(Files.readAllLines(host.directory.resolve("env")))
                .contains("http_proxy=http://proxy.example:3128", "LC_ALL=C.UTF-8", "INITRD=No")
                .noneMatch(line -> line.startsWith("HOME="));
        assertThat(host.directory.resolve("pwd")).hasContent("/");
    }
}
