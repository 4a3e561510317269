// SPDX-License-Identifier: Apache-2.0
package io.jlima.mount.virtiofs.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.jlima.api.HostEnvironment;
import io.jlima.api.LimaException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class VirtiofsdTest {
    static final String RUST_HELP =
            "virtiofsd\n--shared-dir <SHARED_DIR>\n--socket-path\n--readonly\n--translate-uid\n";
    static final Virtiofsd RUST = new Virtiofsd(Path.of("/usr/libexec/virtiofsd"), RUST_HELP);
    static final Virtiofsd OLD_RUST = new Virtiofsd(Path.of("/usr/libexec/virtiofsd"), "--shared-dir\n--socket-path\n");
    static final Virtiofsd C =
            new Virtiofsd(Path.of("/usr/lib/qemu/virtiofsd"), "-o source=PATH\n--socket-path=PATH\n");
    static final Virtiofsd.User ROOT = new Virtiofsd.User(0, 0, 1000);
    static final Virtiofsd.User JANE = new Virtiofsd.User(501, 20, 501);

    private static final Path SOCKET = Path.of("/l/v/virtiofsd-0.sock");

    private static String line(Virtiofsd program, boolean writable, Virtiofsd.User user) {
        return String.join(" ", program.command(SOCKET, Path.of("/home/a, b\\c"), writable, user));
    }

    @Test
    void theProgramInRustKeepsItselfInTheDirectory() {
        String common =
                "/usr/libexec/virtiofsd --socket-path=/l/v/virtiofsd-0.sock --shared-dir=/home/a, b\\c --cache=auto"
                        + " --sandbox=namespace";
        String jane = " --translate-uid=map:501:0:1 --translate-gid=map:501:0:1";
        assertThat(line(RUST, true, ROOT)).isEqualTo(common + " --modcaps=-mknod");
        assertThat(line(RUST, false, ROOT)).isEqualTo(common + " --readonly --modcaps=-mknod");
        assertThat(line(RUST, true, JANE)).isEqualTo(common + jane);
        assertThat(line(RUST, false, JANE)).isEqualTo(common + " --readonly" + jane);
    }

    @Test
    void theProgramOfQemuHasOptionsWithCommas() {
        assertThat(line(C, true, ROOT))
                .isEqualTo("/usr/lib/qemu/virtiofsd --socket-path=/l/v/virtiofsd-0.sock -f -o"
                        + " source=/home/a\\, b\\\\c -o cache=auto -o announce_submounts -o modcaps=-mknod");
    }

    @Test
    void whatCannotRefuseToWriteGetsAViewThatDoes() {
        for (Virtiofsd program : List.of(C, OLD_RUST)) {
            List<String> words = program.command(SOCKET, Path.of("/home/a"), false, ROOT);
            assertThat(words).startsWith("unshare", "--mount", "--propagation", "private", "/bin/sh", "-ec");
            assertThat(words.subList(7, 10))
                    .containsExactly("sh", "/home/a", program.path().toString());
        }
    }

    @Test
    void whatCannotBeDoneIsSaidWithWhatWorks() {
        assertThat(C.objection(ROOT, true, false)).isEmpty();
        assertThat(C.objection(ROOT, false, true)).isEmpty();
        assertThat(RUST.objection(JANE, false, false)).isEmpty();
        assertThat(C.objection(ROOT, false, false).orElseThrow())
                .hasMessageContaining("cannot keep a guest from writing")
                .hasMessageContaining("reverse-sshfs");
        assertThat(C.objection(JANE, true, true).orElseThrow())
                .hasMessageContaining("for root only")
                .hasMessageContaining("reverse-sshfs");
        assertThat(OLD_RUST.objection(JANE, true, true).orElseThrow())
                .hasMessageContaining("too old")
                .hasMessageContaining("1.13");
    }

    @Test
    void itIsFoundByTheVariableFirst(@TempDir Path directory) throws IOException {
        Path program = Files.writeString(directory.resolve("my virtiofsd"), "#!/bin/sh\necho --shared-dir\n");
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
        HostEnvironment caller = caller(directory, program.toString());
        assertThat(Virtiofsd.find(caller)).isEqualTo(new Virtiofsd(program, "--shared-dir\n"));
        assertThatThrownBy(() -> Virtiofsd.find(caller(directory, "/nowhere")))
                .isInstanceOf(LimaException.class)
                .hasMessageContaining("/nowhere");
    }

    private static HostEnvironment caller(Path directory, String program) {
        return new HostEnvironment(Map.of("PATH", "/usr/bin:/bin", Virtiofsd.VARIABLE, program), directory, 022);
    }

    /** The view itself, with a shell in the place of virtiofsd; only root can make it. */
    @Test
    void nothingInTheViewCanBeWritten(@TempDir Path directory) throws Exception {
        assumeTrue(Virtiofsd.user(0).isRoot() && canUnshare(), "needs root and mount namespaces");
        Path shared = Files.createDirectory(directory.resolve("a \\b, 'c'\n"));
        Files.createDirectory(shared.resolve("below"));
        Path program = Files.writeString(directory.resolve("program"), """
                #!/bin/sh
                cd "$SHARED" || exit 3
                touch x 2>/dev/null && exit 4
                touch below/x 2>/dev/null && exit 5
                touch "$SHARED/../beside" || exit 6
                exit 0
                """);
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
        List<String> words = new Virtiofsd(program, "").command(SOCKET, shared, false, ROOT);
        List<String> inside = new ArrayList<>(
                List.of("unshare", "--mount", "sh", "-c", "mount -t tmpfs none \"$1\" && shift && exec \"$@\"", "sh"));
        inside.add(shared.resolve("below").toString());
        inside.addAll(words);
        ProcessBuilder builder = new ProcessBuilder(inside).redirectErrorStream(true);
        builder.environment().put("SHARED", shared.toString());
        Process process = builder.start();
        String said = new String(process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(said).isZero();
        assertThat(directory.resolve("beside")).exists();
    }

    private static boolean canUnshare() throws Exception {
        return new ProcessBuilder("unshare", "--mount", "true").start().waitFor() == 0;
    }
}
