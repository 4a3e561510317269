// SPDX-License-Identifier: Apache-2.0
package io.jlima.mount.plan9.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jlima.api.LimaException;
import io.jlima.api.config.InstanceConfig.Mount;
import io.jlima.api.machine.Device;
import io.jlima.api.mount.MountDriver.FstabEntry;
import io.jlima.api.mount.MountDriver.MountPlan;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class Plan9MountDriverTest {
    private static final Function<Device, Optional<String>> NOTHING = device -> Optional.empty();

    private static Mount mount(String location, String mountPoint, boolean writable, Mount.NineP nineP) {
        return new Mount(location, mountPoint, writable, new Mount.Sshfs(true, false, ""), nineP, null);
    }

    private static Mount.NineP usual(String cache) {
        return new Mount.NineP("mapped-xattr", "9p2000.L", 131072, cache);
    }

    @Test
    void plansOneDeviceAndOneLinePerMount() {
        MountPlan plan = new Plan9MountDriver()
                .plan(
                        List.of(
                                mount("/tmp/lima", "/tmp/lima", true, usual("mmap")),
                                mount("/home/a, b", "/mnt/b", false, usual("fscache"))),
                        NOTHING);

        assertThat(plan.devices())
                .containsExactly(
                        new Device.SharedDirectory(
                                "lima-1fd4cbcaa36d359d", Path.of("/tmp/lima"), false, new Device.NineP("mapped-xattr")),
                        new Device.SharedDirectory(
                                "lima-8fc1c6053ff93a2f",
                                Path.of("/home/a, b"),
                                true,
                                new Device.NineP("mapped-xattr")));
        assertThat(plan.fstab())
                .containsExactly(
                        new FstabEntry(
                                "lima-1fd4cbcaa36d359d",
                                "/tmp/lima",
                                "9p",
                                "rw,trans=virtio,version=9p2000.L,msize=131072,cache=mmap,nofail"),
                        new FstabEntry(
                                "lima-8fc1c6053ff93a2f",
                                "/mnt/b",
                                "9p",
                                "ro,trans=virtio,version=9p2000.L,msize=131072,cache=fscache,nofail"));
    }

    @Test
    void watchersAreNotTold() {
        assertThat(new Plan9MountDriver()
                        .replay(mount("/tmp/lima", "/tmp/lima", true, usual("mmap")))
                        .objection())
                .contains("reverse-sshfs");
    }

    @Test
    void tagDependsOnBothPaths() {
        List<String> tags = new Plan9MountDriver()
                        .plan(
                                List.of(
                                        mount("/a", "/x", false, usual("none")),
                                        mount("/a", "/y", false, usual("none")),
                                        mount("/b", "/x", false, usual("none"))),
                                NOTHING)
                        .fstab()
                        .stream()
                        .map(FstabEntry::source)
                        .toList();

        assertThat(tags).doesNotHaveDuplicates().allMatch(tag -> tag.length() <= 31);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            9p2001   | 131072     | mmap      | 9p.protocolVersion is 9p2001
            9p2000.L | 4095       | mmap      | 9p.msize is 4095 bytes
            9p2000.L | 2147483648 | mmap      | 9p.msize is 2147483648 bytes
            9p2000.L | 131072     | mmap,suid | 9p.cache is "mmap,suid"
            9p2000.L | 131072     | foo       | 9p.cache is "foo"
            9p2000.L | 131072     | Loose     | 9p.cache is "Loose"
            9p2000.L | 131072     | ''        | 9p.cache is ""
            9p2000.L | 131072     | 256       | 9p.cache is "256"
            9p2000.L | 131072     | 0x1ff     | 9p.cache is "0x1ff"
            9p2000.L | 131072     | 09        | 9p.cache is "09"
            9p2000.L | 131072     | -1        | 9p.cache is "-1"
            9P2000.L | 131072     | mmap      | 9p.protocolVersion is 9P2000.L
            ''       | 131072     | mmap      | 9p.protocolVersion is
            9p2000.L | 0          | mmap      | 9p.msize is 0 bytes
            """)
    void refusesWhatTheGuestWouldRefuse(String version, long msize, String cache, String evidence) {
        Mount bad = mount("/home/me", "/home/me", true, new Mount.NineP("none", version, msize, cache));

        assertThatThrownBy(() -> new Plan9MountDriver().plan(List.of(bad), NOTHING))
                .isInstanceOf(LimaException.class)
                .hasMessageContaining("/home/me")
                .hasMessageContaining(evidence);
    }

    @ParameterizedTest
    @ValueSource(strings = {"none", "loose", "fscache", "mmap", "readahead", "0", "15", "0x8f", "0XF", "017", "255"})
    void takesWhatTheGuestTakes(String cache) {
        assertThat(new Plan9MountDriver()
                        .plan(List.of(mount("/x", "/x", true, usual(cache))), NOTHING)
                        .fstab())
                .singleElement()
                .satisfies(entry -> assertThat(entry.options()).contains(",cache=" + cache + ","));
    }

    @Test
    void refusesWhatTheHypervisorCannotDo() {
        Mount bad = mount("/home/me", "/home/me", true, new Mount.NineP("xattr", "9p2000.L", 131072, "mmap"));
        Function<Device, Optional<String>> objection = device -> device instanceof Device.SharedDirectory shared
                        && shared.sharing().equals(new Device.NineP("xattr"))
                ? Optional.of("no such model; none works")
                : Optional.empty();

        assertThatThrownBy(() -> new Plan9MountDriver().plan(List.of(bad), objection))
                .isInstanceOf(LimaException.class)
                .hasMessageContaining("/home/me")
                .hasMessageContaining("no such model; none works");
    }
}
