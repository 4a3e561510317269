// SPDX-License-Identifier: Apache-2.0
package io.jlima.itests;

import static io.jlima.itests.Aftermath.assertNothingMade;
import static io.jlima.itests.Aftermath.refused;
import static org.assertj.core.api.Assertions.assertThat;

import io.jlima.itests.Home.Result;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Disks that are too small, full, or not to be written to: said with the remedy, and nothing half-made is left. */
class LittleRoomIT extends OnSilentGuest {
    @Test
    void aDiskSmallerThanTheImageIsRefused() throws IOException {
        try (Home home = guest.home()) {
            home.write("a.yaml", SilentGuest.yaml(guest.image(200 << 20).toString(), ""));
            assertThat(refused(home.limactl("create", "--name", "a", home.path + "/a.yaml")))
                    .contains("200", "100", "Set disk: in lima.yaml to \"200MiB\" or more");
            assertNothingMade(home);
        }
    }

    /** Runs a command where a directory is a file system of 4 MiB, and shows what it has left there. */
    private static Result inSmallRoom(Home home, String room, String command) {
        return home.shell("unshare -rm sh -c 'mkdir -p " + room + " && mount -t tmpfs -o size=4m none " + room
                + " || exit 9; "
                + command + "; code=$?; find " + room + " -type f -size +0 ! -path \"*/_daemon/*\" >&3; exit $code' 3>"
                + home.path + "/left");
    }

    private static byte[] noise() {
        byte[] noise = new byte[16 << 20];
        new java.util.Random(1).nextBytes(noise);
        return noise;
    }

    /** With and without the length that tells beforehand. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aDiskThatIsFullWhileDownloadingIsSaid(boolean foreseen) throws IOException {
        try (Home home = Home.create();
                WebServer server = foreseen ? WebServer.serving(noise()) : WebServer.servingWithoutLength(noise())) {
            String room = home.path + "/_room";
            home.with("XDG_CACHE_HOME", room).with("_JLIMA_TRAINING", "1");
            home.write("a.yaml", SilentGuest.yaml(server.address("big.raw"), ""));
            String words =
                    refused(inSmallRoom(home, room, home.program() + " create --name a " + home.path + "/a.yaml"));
            assertThat(words)
                    .contains("big.raw", "The disk is full: no room for", room, "Needed: at least", "Hint: Make");
            assertThat(words.contains("(No space left on device)")).isEqualTo(!foreseen);
            assertThat(home.path.resolve("a")).doesNotExist();
            assertThat(home.path.resolve("left")).content().doesNotContain("/data", ".part", ".tmp");
        }
    }

    @Test
    void aDiskThatIsFullWhileCreatingIsSaid() throws IOException {
        try (Home home = guest.home()) {
            String room = home.path + "/h";
            Files.write(home.path.resolve("noise.raw"), noise());
            home.with("LIMA_HOME", room);
            home.write("a.yaml", SilentGuest.yaml(home.path + "/noise.raw", ""));
            Result result = inSmallRoom(
                    home,
                    room,
                    home.program() + " create --name a " + home.path + "/a.yaml; code=$?; ls -A " + room + " >"
                            + home.path + "/entries; " + home.program() + " daemon stop; (exit $code)");
            String words = refused(result);
            assertThat(words)
                    .contains(room + "/a")
                    .containsPattern("(?i)no space|not enough|disk.* full")
                    .contains("Hint: ");
            assertThat(Files.readAllLines(home.path.resolve("entries")))
                    .isSubsetOf("_daemon", "_config")
                    .isNotEmpty();
        }
    }

    @Test
    void aLimaHomeThatCannotBeWrittenToIsSaid() throws IOException {
        try (Home home = guest.home()) {
            Result cold = home.shell("unshare -rm sh -c 'mount --bind " + home.path + " " + home.path
                    + " && mount -o remount,bind,ro " + home.path + " || exit 9; exec " + home.program() + " list'");
            assertThat(refused(cold)).contains("LIMA_HOME " + home.path, "Read-only file system");
            // What lies there may be somebody else's, of an earlier life as root for example.
            Path log = Files.createDirectories(home.path.resolve("_daemon/log"));
            assertThat(refused(home.limactl("list")))
                    .contains("LIMA_HOME " + home.path + " cannot be written to: ", "directory");
            Files.delete(log);
            home.write("a.yaml", guest.yaml());
            Result warm = home.shell("unshare -rm sh -c '" + home.program() + " list; mount --bind " + home.path + " "
                    + home.path + " && mount -o remount,bind,ro " + home.path + " || exit 9; exec " + home.program()
                    + " create --name a " + home.path + "/a.yaml'");
            // The mount is the namespace's own, and that daemon has no business outside of it.
            assertThat(refused(warm)).contains("Read-only file system", "Set LIMA_HOME to a directory");
            assertThat(home.path.resolve("a")).doesNotExist();
        }
    }
}
