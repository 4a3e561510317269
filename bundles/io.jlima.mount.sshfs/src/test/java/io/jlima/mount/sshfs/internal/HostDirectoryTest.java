// SPDX-License-Identifier: Apache-2.0
package io.jlima.mount.sshfs.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.jlima.api.config.InstanceConfig.Mount;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HostDirectoryTest {
    @TempDir
    private Path directory = Path.of("");

    static Mount mount(Path location, boolean writable) {
        return new Mount(
                location.toString(),
                "/mnt" + location,
                writable,
                new Mount.Sshfs(true, false, ""),
                new Mount.NineP("none", "9p2000.L", 131072, "mmap"),
                null);
    }

    @Test
    void linksOfTheHostAreFollowed() throws IOException {
        Path real = Files.createDirectory(directory.resolve("real")).toRealPath();
        Path link = Files.createSymbolicLink(directory.resolve("link"), real);
        Mount mount = mount(link, true);
        assertThat(HostDirectory.of(mount, List.of(mount))).isEqualTo(real);
        assertThat(HostDirectory.of(mount(link.resolve("later/x"), true), List.of()))
                .isEqualTo(real.resolve("later/x"));
    }

    @Test
    void linksThatAGuestMayHaveMadeAreNot() throws IOException {
        Path outer = Files.createDirectories(directory.resolve("real/outer")).toRealPath();
        Files.createSymbolicLink(directory.resolve("link"), outer);
        Files.createSymbolicLink(outer.resolve("inner"), Path.of("/etc"));
        Mount inner = mount(directory.resolve("link/inner"), false);
        Mount writable = mount(directory.resolve("link"), true);
        assertThat(HostDirectory.of(inner, List.of(inner, writable))).isEqualTo(outer.resolve("inner"));
        assertThat(HostDirectory.of(inner, List.of(inner, mount(directory.resolve("link"), false))))
                .isEqualTo(Path.of("/etc").toRealPath());
    }
}
