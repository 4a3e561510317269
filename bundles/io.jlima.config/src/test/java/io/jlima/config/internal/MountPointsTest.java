// SPDX-License-Identifier: Apache-2.0
package io.jlima.config.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Directories of the guest that a mount may hide, and those that it may not. */
class MountPointsTest {
    @TempDir
    Path home;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/boot",
                "/lib",
                "/lib/",
                "/lib64",
                "/usr/bin",
                "/usr//sbin",
                "/usr/lib",
                "/var/lib",
                "/var/run",
                "/run",
                "/proc",
                "/proc/1",
                "/sys",
                "/sys/fs/x",
                "/dev/shm",
                "/mnt/lima-cidata",
                "/mnt/../mnt/lima-cidata/x"
            })
    void whatTheGuestNeedsIsNotHidden(String point) {
        assertThat(Given.linux(home).refusal("mounts: [{location: /etc, mountPoint: " + point + "}]\n"))
                .contains("2:39: mounts: nothing can be mounted on /")
                .contains("choose another mountPoint, for example /");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/root",
                "/mnt",
                "/srv",
                "/lib/x",
                "/usr/bin/x",
                "/usr/local",
                "/usr/share/x",
                "/var/lib/x",
                "/run/x",
                "/boot/x",
                "/devices",
                "/processes",
                "/mnt/lima-cidata2"
            })
    void whatTheGuestCanDoWithoutMayBeHidden(String point) {
        assertThat(Given.linux(home).refusal("mounts: [{location: /etc, mountPoint: " + point + "}]\n"))
                .isEqualTo("accepted");
    }
}
