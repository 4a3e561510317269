// SPDX-License-Identifier: Apache-2.0
package io.jlima.config.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.jlima.api.Arch;
import io.jlima.api.config.InstanceConfig;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Defaults that depend on the host, on its user, and on who made the instance. */
class HostDefaultsTest {
    @TempDir
    Path home;

    @ParameterizedTest
    @CsvSource({"1, 1", "2, 2", "4, 4", "64, 4"})
    void processorsAreThoseOfTheHostUpToFour(int host, int guest) {
        assertThat(Given.linux(home).sized(host, 8L << 30).accept("").cpus()).isEqualTo(guest);
    }

    @ParameterizedTest
    @CsvSource({"2147483648, 1073741824", "17179869184, 4294967296", "8250000000, 4125316087"})
    void memoryIsHalfOfTheHostsUpToFourGiB(long host, long guest) {
        // The printed size, of four digits, is what counts.
        assertThat(Given.linux(home).sized(4, host).accept("").memory()).isEqualTo(guest);
    }

    @ParameterizedTest
    @EnumSource
    void archIsTheHostsAndGoesDownToFiles(Arch arch) {
        InstanceConfig c = Given.linux(home)
                .on("linux", arch)
                .resolve("images: [{location: /i, kernel: {location: /k}, initrd: {location: /r}}]")
                .config();
        assertThat(c.arch()).isEqualTo(arch);
        InstanceConfig.Image image = c.images().getFirst();
        assertThat(image.file().arch()).isEqualTo(arch);
        assertThat(image.kernel()).isEqualTo(new InstanceConfig.FileRef("/k", arch, null));
        assertThat(image.initrd()).isEqualTo(new InstanceConfig.FileRef("/r", arch, null));
        assertThat(c.containerd().user()).isEqualTo(arch == Arch.X86_64 || arch == Arch.AARCH64);
    }

    @ParameterizedTest
    @CsvSource({
        "foo, 1000, foo, 1000, 0",
        "foo_bar-1, 501, foo_bar-1, 501, 0",
        "_x, 7, _x, 7, 0",
        "root, 0, lima, 1000, 0",
        "Foo, 1000, lima, 1000, 1",
        "foo.bar, 1000, lima, 1000, 1",
        "1foo, 1000, lima, 1000, 1",
        "admin, 501, lima, 501, 1",
        "foo, 0, foo, 1000, 0",
    })
    void theAccountIsTheHostUsersIfAGuestCanHaveIt(String user, long uid, String name, long guestUid, int warnings) {
        var resolved = Given.linux(home).by(user, uid).resolve(Given.IMAGE);
        assertThat(resolved.config().user().name()).isEqualTo(name);
        assertThat(resolved.config().user().uid()).isEqualTo(guestUid);
        assertThat(resolved.config().user().home()).isEqualTo("/home/" + name + ".guest");
        assertThat(resolved.warnings()).hasSize(warnings);
    }

    @Test
    void aNameThatIsGivenNeedsNoWarning() {
        var resolved =
                Given.linux(home).by("Foo", 5).resolve(Given.IMAGE + "user: {name: bar, home: '/h/{{.User}}'}\n");
        assertThat(resolved.warnings()).isEmpty();
        assertThat(resolved.config().user().home()).isEqualTo("/h/bar");
    }

    @ParameterizedTest
    @CsvSource(
            nullValues = "null",
            value = {
                "null, none, guest, 0",
                "0.1.0, none, guest, 0",
                "0.1.0-SNAPSHOT, none, guest, 0",
                "2.2.0-jlima.0.1.0, none, guest, 0",
                "unknown, none, guest, 0",
                "'', mapped-xattr, linux, 60022",
                "0.12.0, mapped-xattr, linux, 60022",
                "0.23.2, none, linux, 60022",
                "1.0.0, none, linux, 60022",
                "v1.2.1, none, linux, 60022",
                "2.0.3, none, linux, 0",
                "v2.1.0, none, guest, 0",
                "2.2.0, none, guest, 0",
                "v2.2.0-12-gabc, none, guest, 0",
            })
    void anInstanceKeepsTheDefaultsOfItsMaker(String version, String securityModel, String suffix, int port) {
        InstanceConfig c = Given.linux(home).named("default").madeBy(version).accept("mounts: [{location: /x/y}]\n");
        assertThat(c.mounts().getFirst().nineP().securityModel()).isEqualTo(securityModel);
        assertThat(c.user().home()).isEqualTo("/home/foo." + suffix);
        assertThat(c.ssh().localPort()).isEqualTo(port);
        assertThat(Given.linux(home)
                        .named("other")
                        .madeBy(version)
                        .accept("")
                        .ssh()
                        .localPort())
                .isZero();
    }

    @ParameterizedTest
    @CsvSource({"0, true, mapped-xattr", "0, false, none", "1000, true, none", "1000, false, none"})
    void onlyWritableMountsOfRootKeepOwnersApart(long uid, boolean writable, String securityModel) {
        InstanceConfig c =
                Given.linux(home).by("foo", uid).accept("mounts: [{location: /x/y, writable: " + writable + "}]\n");
        assertThat(c.mounts().getFirst().nineP().securityModel()).isEqualTo(securityModel);
    }

    @ParameterizedTest
    @CsvSource({
        "Darwin, /Users/foo.guest, /bin/zsh, false",
        "FreeBSD, /home/foo.guest, /bin/sh, true",
        "Linux, /home/foo.guest, /bin/bash, true"
    })
    void guestSystemsHaveTheirHomesAndShells(String os, String directory, String shell, boolean sudo) {
        InstanceConfig c = Given.linux(home).on("darwin", Arch.AARCH64).accept("os: " + os + "\n");
        assertThat(c.user().home()).isEqualTo(directory);
        assertThat(c.user().shell()).isEqualTo(shell);
        assertThat(c.user().passwordlessSudo()).isEqualTo(sudo);
        assertThat(c.containerd().user()).isEqualTo(os.equals("Linux"));
    }
}
