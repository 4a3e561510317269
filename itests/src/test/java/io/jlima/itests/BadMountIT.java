// SPDX-License-Identifier: Apache-2.0
package io.jlima.itests;

import static io.jlima.itests.Aftermath.refused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Mounts that cannot be, refused before anything is made. */
class BadMountIT extends OnSilentGuest {
    /** What is said of a mount of the home, with the text behind its path, of this type. */
    private static String refusedMount(Home home, String type, String mount, String before) {
        Path file = home.write("v.yaml", """
                images: [{location: "/dev/null", arch: "x86_64"}]
                mountType: %s
                mounts: [{location: %s%s}]
                """.formatted(type, home.path, mount));
        String words = refused(home.shell(before + home.program() + " create --tty=false --name v " + file));
        assertThat(home.path.resolve("v")).doesNotExist();
        return words;
    }

    private static String refusedByVirtiofs(Home home, String mount, String before) {
        return refusedMount(home, "virtiofs", mount, before);
    }

    @Test
    void whatSshfsCannotDoIsRefused() {
        try (Home home = guest.home()) {
            home.write("file", "");
            for (String[] bad : new String[][] {
                {", sshfs: {sftpDriver: ftp}", "ftp"},
                {", sshfs: {cache: perhaps}", "cache"},
                {", sshfs: {followSymlinks: 7}", "followSymlinks"},
                {", writable: maybe", "writable"},
                {"/file", home.path + "/file"},
                {", mountPoint: /usr", "/usr"}
            }) {
                assertThat(refusedMount(home, "reverse-sshfs", bad[0], "")).contains(bad[1]);
            }
        }
    }

    @Test
    void whatVirtiofsCannotDoIsRefused() throws IOException {
        try (Home home = guest.home()) {
            for (String size : List.of("0", "1", "3", "1000", "2048", "-2", "many")) {
                assertThat(refusedByVirtiofs(home, ", virtiofs: {queueSize: " + size + "}", ""))
                        .contains("queueSize", size);
            }
            home.write("file", "");
            assertThat(refusedByVirtiofs(home, "/file", "")).contains(home.path + "/file");
            for (String point : List.of("/", "/usr", "/etc/", "/var/../bin", "relative")) {
                assertThat(refusedByVirtiofs(home, ", mountPoint: " + point, ""))
                        .contains(point);
            }
            assertThat(refusedByVirtiofs(home, "", "VIRTIOFSD=/no/such/virtiofsd "))
                    .contains("virtiofsd is not on this host", "/no/such/virtiofsd", "Install it", "reverse-sshfs");
        }
    }

    /** In a user namespace of its own, where even root is nobody. */
    @Test
    void theVirtiofsdOfQemuIsForRootOnly() throws IOException {
        Path program = Path.of("/usr/lib/qemu/virtiofsd");
        assumeTrue(Files.exists(program), "the one of QEMU before 8.0");
        try (Home home = guest.home()) {
            assertThat(refusedByVirtiofs(home, "", "VIRTIOFSD=" + program + " unshare -U "))
                    .contains(program + " serves directories for root only", "VIRTIOFSD", "9p or reverse-sshfs");
        }
    }
}
