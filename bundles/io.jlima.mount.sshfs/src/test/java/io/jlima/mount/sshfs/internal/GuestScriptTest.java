// SPDX-License-Identifier: Apache-2.0
package io.jlima.mount.sshfs.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.jlima.api.config.InstanceConfig.Mount;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
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

    /** What a guest would do about mounts, of which some are there and some of those are dead. */
    private static String attached(String there, String dead, String... calls) throws Exception {
        return attached("/dev/null", there, dead, calls);
    }

    /** @param caller where it is told how that goes */
    private static String attached(String caller, String there, String dead, String[] calls) throws Exception {
        String functions = GuestScript.alone("");
        String script = functions.substring(0, functions.indexOf("\nexec 3>&1")) + """

                there=$1 dead=$2
                exec 3>"$3"
                seen() { case " $there " in *" $1 "*) return 0 ;; esac; return 1; }
                timeout() {
                    case " $* " in *" /hangs "*) ! [ $# -gt 8 ] || return ;; esac
                    shift 6
                    for point; do case " $dead " in *" $point "*) ;; *) echo "$point" ;; esac; done
                }
                unmount() { :; }
                learn() { :; }
                prepare() { :; }
                alone() { pick "$1"; echo "alone $point"; }
                together() { for i in $1; do pick "$i"; echo "together $point"; done; }
                shift 3
                for call; do eval "$call"; done
                attach_all
                wait
                """;
        List<String> command = new ArrayList<>(List.of("sh", "-c", script, "sh", there, dead, caller));
        command.addAll(List.of(calls));
        Process shell = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        return new String(shell.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }

    private static String call(int number, String point, String options) {
        return "attach %d %s %s host /x%s %s rw first".formatted(number, point, point, point, options);
    }

    @Test
    void mountsOfOneKindAreMadeTogetherAndOuterOnesFirst() throws Exception {
        assertThat(attached("", "", call(0, "/a", "p"), call(1, "/b", "p"))).isEqualTo("together /a\ntogether /b\n");
        assertThat(attached("", "", call(0, "/a", "p"), call(1, "/a/b", "q"), call(2, "/a/b/c", "p")))
                .isEqualTo("alone /a\nalone /a/b\nalone /a/b/c\n");
        assertThat(attached("", "", call(0, "/a", "p"), call(1, "/ab", "q"), call(2, "/b", "p"))
                        .lines())
                .containsExactlyInAnyOrder("together /a", "together /b", "alone /ab");
    }

    @Test
    void whatWorksStaysUnlessItGoesWithWhatItIsIn() throws Exception {
        assertThat(attached("/a /b", "", call(0, "/a", "p"), call(1, "/b", "p")))
                .isEmpty();
        assertThat(attached("/a /b", "/b", call(0, "/a", "p"), call(1, "/b", "p")))
                .isEqualTo("alone /b\n");
        assertThat(attached("/a /a/b", "/a", call(0, "/a", "p"), call(1, "/a/b", "q")))
                .isEqualTo("alone /a\nalone /a/b\n");
        assertThat(attached("/a /a/b", "/a/b", call(0, "/a", "p"), call(1, "/a/b", "q")))
                .isEqualTo("alone /a/b\n");
    }

    /** It has lost its server in the same moment, then, and waits for the next one. */
    @Test
    void whatDoesNotAnswerWhileNobodyHearsStays() throws Exception {
        String[] calls = {call(0, "/a", "p"), call(1, "/b", "p")};
        assertThat(attached("/dev/full", "/a /b", "/b", calls)).isEmpty();
        assertThat(attached("/dev/null", "/a /b", "/b", calls)).isNotEmpty();
    }

    @Test
    void oneThatHangsIsNotTakenForTheDeathOfOthers() throws Exception {
        assertThat(attached("/a /hangs /b", "/hangs", call(0, "/a", "p"), call(1, "/hangs", "p"), call(2, "/b", "p")))
                .isEqualTo("alone /hangs\n");
    }

    /** sshd ends a session when nobody has its output open any more, and an sshfs in the background stays for long. */
    @Test
    void sshfsKeepsNothingOfTheShellOpen(@TempDir Path directory) throws Exception {
        Path sshfs = Files.writeString(directory.resolve("sshfs"), """
                #!/bin/sh
                [ ! -e /proc/$$/fd/3 ] || echo "$2 holds 3"
                """);
        assertThat(sshfs.toFile().setExecutable(true)).isTrue();
        String functions = GuestScript.alone("");
        String script = functions.substring(0, functions.indexOf("\nexec 3>&1")) + """

                PATH=$1:$PATH
                exec 3>&1
                mounted() { return 1; }
                prepare() { :; }
                in_background host:/x /alone -o options
                passive 0 "$1" "$1" :/x options ''
                """;
        Process shell = new ProcessBuilder("sh", "-c", script, "sh", directory.toString()).start();
        shell.getOutputStream().close();
        assertThat(new String(shell.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                .isEmpty();
    }

    /** What a shell does whose {@code fusermount3} refuses each place but one that {@code aside} has made. */
    private static String mountedAlone(Path directory, String words) throws Exception {
        Path sshfs = Files.writeString(directory.resolve("sshfs"), """
                #!/bin/sh
                case $2 in
                */lima-sshfs.*) ;;
                *) echo "%s"; exit 1 ;;
                esac
                """.formatted(words));
        assertThat(sshfs.toFile().setExecutable(true)).isTrue();
        String functions = GuestScript.alone("");
        String script = functions.substring(0, functions.indexOf("\nexec 3>&1")) + """

                PATH=$1:$PATH XDG_RUNTIME_DIR=$1
                exec 3>&1
                prepare() { :; }
                own() { :; }
                mounted() { [ -e "$XDG_RUNTIME_DIR/carried" ]; }
                sudo() { echo "$6 on $7" >"$XDG_RUNTIME_DIR/carried"; }
                unmount() { [ -d "$1" ] && echo "$1" >>"$XDG_RUNTIME_DIR/unmounted"; }
                attach 7 /srv/x /srv/x host /x options ro first
                alone 1
                """;
        Process shell = new ProcessBuilder("sh", "-c", script, "sh", directory.toString()).start();
        shell.getOutputStream().close();
        return new String(shell.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }

    @Test
    void aPlaceThatFusermountRefusesIsReachedFromAnother(@TempDir Path directory) throws Exception {
        assertThat(mountedAlone(directory, "fusermount3: user has no write access to mountpoint /srv/x"))
                .isEqualTo("7 mounted\n");
        assertThat(directory.resolve("carried")).content().matches("\\S+/lima-sshfs\\.\\w+ on /srv/x\n");
        assertThat(directory.resolve("unmounted")).content().contains("/lima-sshfs.");
        try (Stream<Path> left = Files.list(directory)) {
            assertThat(left.map(path -> path.getFileName().toString()))
                    .containsExactlyInAnyOrder("sshfs", "carried", "unmounted");
        }
    }

    @Test
    void whatAnotherPlaceDoesNotHelpIsToldAtOnce(@TempDir Path directory) throws Exception {
        assertThat(mountedAlone(directory, "host:/x: No such file or directory"))
                .isEqualTo("7 : host:/x: No such file or directory\n7 failed\n");
        assertThat(directory.resolve("carried")).doesNotExist();
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
