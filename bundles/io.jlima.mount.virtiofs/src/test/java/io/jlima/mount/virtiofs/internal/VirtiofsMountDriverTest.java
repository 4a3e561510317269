// SPDX-License-Identifier: Apache-2.0
package io.jlima.mount.virtiofs.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jlima.api.HostEnvironment;
import io.jlima.api.LimaException;
import io.jlima.api.config.InstanceConfig.Mount;
import io.jlima.api.machine.Device;
import io.jlima.api.mount.MountDriver.FstabEntry;
import io.jlima.api.mount.MountDriver.MountPlan;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class VirtiofsMountDriverTest {
    static Mount mount(String location, String mountPoint, boolean writable, @Nullable Integer queueSize) {
        return new Mount(
                location,
                mountPoint,
                writable,
                new Mount.Sshfs(true, false, ""),
                new Mount.NineP("mapped-xattr", "9p2000.L", 131072, "mmap"),
                queueSize);
    }

    private static MountPlan plan(Path directory, Virtiofsd program, Mount... mounts) {
        return VirtiofsMountDriver.plan(
                List.of(mounts), directory, program, VirtiofsdTest.ROOT, HostEnvironment.ofThisProcess());
    }

    @Test
    void plansOneDeviceAndOneLinePerMount() {
        Path directory = Path.of("/l/v");
        MountPlan plan = plan(
                directory,
                VirtiofsdTest.RUST,
                mount("/home/a, b", "/mnt/a b", true, null),
                mount("/srv", "/srv", false, 64));
        assertThat(plan.devices())
                .containsExactly(
                        new Device.SharedDirectory(
                                "lima-c3b57b5a5bf0f84a",
                                Path.of("/home/a, b"),
                                false,
                                new Device.Virtiofs(directory.resolve("virtiofsd-c3b57b5a.sock"), 1024)),
                        new Device.SharedDirectory(
                                "lima-3f8ff2d2ca1704bb",
                                Path.of("/srv"),
                                true,
                                new Device.Virtiofs(directory.resolve("virtiofsd-3f8ff2d2.sock"), 64)));
        assertThat(plan.fstab())
                .containsExactly(
                        new FstabEntry("lima-c3b57b5a5bf0f84a", "/mnt/a b", "virtiofs", "rw,nofail"),
                        new FstabEntry("lima-3f8ff2d2ca1704bb", "/srv", "virtiofs", "ro,nofail"));
    }

    @Test
    void whatMakesNoSenseIsRefused(@TempDir Path directory) throws IOException {
        Path file = Files.createFile(directory.resolve("file"));
        for (int size : new int[] {0, 1, 3, 1000, 2048, -1}) {
            assertThatThrownBy(() -> VirtiofsMountDriver.check(mount("/srv", "/srv", true, size)))
                    .isInstanceOf(LimaException.class)
                    .hasMessageContaining("virtiofs.queueSize is " + size);
        }
        assertThatThrownBy(() -> VirtiofsMountDriver.check(mount(file.toString(), "/srv", true, null)))
                .isInstanceOf(LimaException.class)
                .hasMessageContaining("not a directory");
    }

    @Test
    void nothingIsLeftWhenOneCannotBeStarted(@TempDir Path directory) throws IOException {
        Virtiofsd broken = new Virtiofsd(Path.of("/bin/false"), VirtiofsdTest.RUST_HELP);
        MountPlan plan = plan(directory, broken, mount("/srv", "/srv", true, null), mount("/opt", "/opt", true, null));
        assertThatThrownBy(() -> plan.beginning().begin())
                .isInstanceOf(LimaException.class)
                .hasMessageContaining("exit code 1");
        try (Stream<Path> left = Files.list(directory)) {
            assertThat(left).allMatch(file -> file.toString().endsWith(".log"));
        }
    }

    @Test
    void theGuestsTableIsRead() {
        SeenMounts seen = SeenMounts.of("""
                22 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw
                40 22 0:33 / /mnt/a\\040b rw,relatime shared:2 - virtiofs lima-0 rw
                41 22 0:34 / /mnt/c rw,relatime shared:3 - fuse.sshfs x rw
                kernel can
                """);
        assertThat(seen.has("/mnt/a b")).isTrue();
        assertThat(seen.has("/mnt/c")).isFalse();
        assertThat(seen.kernelCan()).isTrue();
        assertThat(seen.isStopping()).isFalse();
        assertThat(SeenMounts.of("").kernelCan()).isFalse();
        assertThat(SeenMounts.of("is stopping\n").isStopping()).isTrue();
    }
}
