// SPDX-License-Identifier: Apache-2.0
package io.jlima.mount.sshfs.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.jlima.api.config.InstanceConfig.Mount;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class GuestScriptTest {
    private static final SshfsOptions OPTIONS = new SshfsOptions(
            new Mount(
                    "/a b",
                    "/mnt/it's",
                    false,
                    new Mount.Sshfs(true, false, ""),
                    new Mount.NineP("none", "9p2000.L", 131072, "mmap"),
                    null),
            false);

    @ParameterizedTest
    @CsvSource({
        "/mnt/x, /mnt/x",
        "/mnt//x/, /mnt/x",
        "/, /",
        "'/two words', '/two\\040words'",
        "'/back\\slash', '/back\\134slash'"
    })
    void pathsAreWrittenAsInTheMountTable(String path, String escaped) {
        assertThat(GuestScript.escaped(path)).isEqualTo(escaped);
    }

    @ParameterizedTest
    @ValueSource(strings = {"plain", "it's", "$HOME `id` \"x\"", "a\nb", "", "-n", "\\", "'''"})
    void aWordArrivesInTheShellAsItIs(String text) throws Exception {
        Process shell = new ProcessBuilder("sh", "-c", "printf %s " + GuestScript.word(text)).start();
        assertThat(new String(shell.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                .isEqualTo(text);
    }

    @Test
    void theShellTakesTheWholeScript() throws Exception {
        String script = GuestScript.together(List.of(
                GuestScript.attach(0, OPTIONS, "192.168.5.2", "directport=1,reconnect", true),
                GuestScript.detach(1, "/mnt/x")));
        assertThat(new ProcessBuilder("sh", "-n", "-c", script).start().waitFor())
                .isZero();
        assertThat(new ProcessBuilder(
                                "sh", "-n", "-c", GuestScript.alone(GuestScript.passive(0, "/m", ":/a", "ro", "")))
                        .start()
                        .waitFor())
                .isZero();
    }

    @ParameterizedTest
    @CsvSource({
        "/mnt/a\\040b, true",
        "/mnt/*, true",
        "/other, true",
        // The root of the bind mount at /other, and something else's place.
        "/proj, false",
        "/mnt, false",
        "/mnt/a, false",
    })
    void aMountIsKnownByItsPlaceAlone(String point, boolean isThere) throws Exception {
        String table = """
                30 1 0:40 / /mnt/a\\040b rw,relatime shared:1 - fuse.sshfs :/x rw
                31 1 0:41 /proj /other rw - fuse.sshfs :/x rw
                32 1 0:42 / /proj rw - ext4 /dev/x rw
                33 1 0:43 / /mnt/* rw master:3 - fuse.sshfs :/y rw""";
        String functions = GuestScript.alone("");
        int begin = functions.indexOf("\nlook() {");
        String look = functions.substring(begin, functions.indexOf("\n}\n", functions.indexOf("\nseen() {")) + 3);
        String script = "given=$1; cat() { printf '%s\\n' \"$given\"; }" + look + "look; seen \"$2\"";
        Process shell = new ProcessBuilder("sh", "-c", script, "sh", table, point)
                .inheritIO()
                .start();
        assertThat(shell.waitFor()).isEqualTo(isThere ? 0 : 1);
    }
}
