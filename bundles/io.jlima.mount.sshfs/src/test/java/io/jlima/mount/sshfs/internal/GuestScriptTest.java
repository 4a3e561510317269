// SPDX-License-Identifier: Apache-2.0
package io.jlima.mount.sshfs.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.jlima.api.config.InstanceConfig.Mount;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
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
    void aMountIsKnownByItsPlaceAlone(String point, boolean isThere, @TempDir Path directory) throws Exception {
        Path table = Files.writeString(directory.resolve("table"), """
                30 1 0:40 / /mnt/a\\040b rw,relatime shared:1 - fuse.sshfs :/x rw
                31 1 0:41 /proj /other rw - fuse.sshfs :/x rw
                32 1 0:42 / /proj rw - ext4 /dev/x rw
                33 1 0:43 / /mnt/* rw master:3 - fuse.sshfs :/y rw
                """);
        String functions = GuestScript.alone("");
        int begin = functions.indexOf("\nlook() {");
        String look = functions.substring(begin, functions.indexOf("\n}\n", functions.indexOf("\nseen() {")) + 3);
        String script = look.replace("/proc/self/mountinfo", "\"$table\"") + "look; seen \"$2\"";
        Process shell = new ProcessBuilder(
                        "sh", "-c", "line_feed='\n'\ntable=$1" + script, "sh", table.toString(), point)
                .inheritIO()
                .start();
        assertThat(shell.waitFor()).isEqualTo(isThere ? 0 : 1);
    }

    /** One that holds the words of sshfs, and ends with its input. */
    private static Process sshfs(Path directory, String words) throws IOException {
        Path program = directory.resolve("sshfs");
        if (!Files.exists(program)) {
            Files.copy(Path.of("/bin/sh").toRealPath(), program, StandardCopyOption.COPY_ATTRIBUTES);
        }
        Process process = new ProcessBuilder("sh", "-c", "PATH=$1; exec sshfs -s " + words, "sh", directory.toString())
                .redirectErrorStream(true)
                .start();
        // Its answer means that it has become what it is to be.
        process.getOutputStream().write("echo begun\n".getBytes(StandardCharsets.UTF_8));
        process.getOutputStream().flush();
        assertThat(process.inputReader().readLine()).isEqualTo("begun");
        return process;
    }

    private static void succeed(Path directory, String point) throws Exception {
        String functions = GuestScript.alone("");
        int begin = functions.indexOf("\nsucceed() {");
        String succeed = functions.substring(begin, functions.indexOf("\n}\n", begin) + 3);
        ProcessBuilder shell = new ProcessBuilder("sh", "-c", succeed + "succeed \"$1\"", "sh", point).inheritIO();
        shell.environment().put("XDG_RUNTIME_DIR", directory.toString());
        assertThat(shell.start().waitFor()).isZero();
    }

    @Test
    void theSshfsThatWasThereBeforeIsEndedAndNoOther(@TempDir Path directory) throws Exception {
        Path file = directory.resolve("lima-sshfs%mnt%it's here");
        Process former = sshfs(directory, ":/x '/mnt/it'\\''s here' -f -o passive,ro");
        Process other = sshfs(directory, ":/x /mnt/other -f -o passive,ro");
        try {
            for (Process stranger : List.of(other, former)) {
                Files.writeString(file, stranger.pid() + "\n");
                succeed(directory, "/mnt/it's here");
                assertThat(Files.readString(file)).isNotEqualTo(stranger.pid() + "\n");
            }
            assertThat(former.onExit().get(60, TimeUnit.SECONDS).exitValue()).isEqualTo(128 + 9);
            other.getOutputStream().close();
            assertThat(other.onExit().get(60, TimeUnit.SECONDS).exitValue()).isZero();
        } finally {
            former.destroyForcibly();
            other.destroyForcibly();
        }
    }

    @Test
    void whereNothingWasBeforeNothingIsSaid(@TempDir Path directory) throws Exception {
        succeed(directory, "/mnt/x");
        assertThat(directory.resolve("lima-sshfs%mnt%x")).isNotEmptyFile();
        succeed(directory.resolve("missing"), "/mnt/x");
        assertThat(directory.resolve("missing")).doesNotExist();
    }
}
