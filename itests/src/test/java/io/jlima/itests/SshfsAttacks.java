// SPDX-License-Identifier: Apache-2.0
package io.jlima.itests;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What the guest of {@link MountIT} must not be able to do. */
interface SshfsAttacks extends SshfsGuest {
    @ParameterizedTest
    @MethodSource("io.jlima.itests.SshfsWay#attacked")
    @Order(3)
    default void theRootOfTheGuestGetsNoFurther(SshfsWay way) throws IOException {
        mounted()
                .withstandsRoot(
                        way.point(),
                        way.writable(),
                        location(way),
                        // OpenSSH's server, as the host's user, does what it is asked for.
                        way.writable() && way.server().equals("openssh") ? List.of("set_uid", "swapped") : List.of());
    }

    @Test
    @Order(3)
    default void linksLeadTheGuestNowhereButToItself() throws IOException {
        Path rw = location(new SshfsWay("builtin", "direct", true));
        Files.createSymbolicLink(rw.resolve("passwd"), Path.of("/etc/passwd"));
        Files.createSymbolicLink(rw.resolve("up"), Path.of(".."));
        Files.writeString(shared().resolve("secret"), "secret");
        // A link means what it means in the guest; nothing of the host's is behind it.
        assertThat(guest("cat /mnt/builtin-direct-rw/passwd").out())
                .isEqualTo(guest("cat /etc/passwd").out())
                .isNotEqualTo(Files.readString(Path.of("/etc/passwd")));
        assertThat(works("cat /mnt/builtin-direct-rw/up/secret")).isFalse();
        assertThat(works("ln /etc/hostname /mnt/builtin-direct-rw/hard")).isFalse();
        assertThat(works("sudo mknod /mnt/builtin-direct-rw/null c 1 3")).isFalse();
        assertThat(works("cp /bin/true /mnt/builtin-direct-rw/t && chmod 4755 /mnt/builtin-direct-rw/t"))
                .isTrue();
        assertThat((int) Files.getAttribute(rw.resolve("t"), "unix:mode") & 07000)
                .isZero();
        Files.delete(rw.resolve("t"));
        Files.delete(rw.resolve("passwd"));
        Files.delete(rw.resolve("up"));
    }

    /** The guest's own sshfs may be told to write, and to ask for what is not below the directory. */
    @Test
    @Order(4)
    default void aGuestThatMountsAgainByItsOwnRulesGetsNoFurther() {
        String port = home().shell(
                        "sed -n 's|^/mnt/builtin-direct-ro=\\([0-9]*\\) .*|\\1|p' " + home().path + "/m/sshfs.ports")
                .out()
                .strip();
        assertThat(port).matches("[0-9]+");
        Path ro = location(new SshfsWay("builtin", "direct", false));
        assertThat(guest("mkdir -p /tmp/again && sshfs 192.168.5.2:" + ro + " /tmp/again -o directport=" + port)
                        .code())
                .isZero();
        assertThat(works("cat /tmp/again/note")).isTrue();
        assertThat(works("echo x >/tmp/again/note")).isFalse();
        guest("touch /tmp/again/new; mkdir /tmp/again/new; rm -f /tmp/again/link");
        assertThat(ro.resolve("new")).doesNotExist();
        assertThat(Files.exists(ro.resolve("link"), LinkOption.NOFOLLOW_LINKS)).isTrue();
        guest("fusermount3 -u /tmp/again");
        assertThat(works("sshfs 192.168.5.2:/etc /tmp/again -o directport=" + port))
                .isFalse();
        assertThat(works("sshfs 192.168.5.2:" + ro + "/../.. /tmp/again -o directport=" + port))
                .isFalse();
        // The door is the guest's: a program of the host is turned away before it is listened to.
        assertThat(home().shell("mkdir -p " + home().path + "/x && sshfs 127.0.0.1:" + ro + " " + home().path
                                + "/x -o directport=" + port)
                        .code())
                .isNotZero();
    }
}
