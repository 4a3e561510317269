// SPDX-License-Identifier: Apache-2.0
package io.jlima.guestagent.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The boot script, with a directory in the place of the guest's root, and stand-ins for what would start services. */
class InstallScriptTest {
    private static final Path SCRIPT = Path.of("src/main/resources/io/jlima/guestagent/internal/25-guestagent-base.sh");

    @TempDir
    Path folder;

    private Path root;
    private Path volume;
    private Path calls;
    private String mountType = "9p";

    @BeforeEach
    void begin() throws IOException {
        root = Files.createDirectory(folder.resolve("root"));
        volume = Files.createDirectory(folder.resolve("volume"));
        calls = folder.resolve("calls");
        Files.writeString(volume.resolve("lima-guestagent"), "first program");
        Path programs = Files.createDirectory(folder.resolve("bin"));
        for (String name : List.of("systemctl", "rc-update", "rc-service")) {
            program(programs.resolve(name), "#!/bin/sh\necho " + name + " \"$@\" >>" + calls + "\n");
        }
        program(programs.resolve("id"), "#!/bin/sh\n[ \"$1\" = -u ] && echo 501 || echo 20\n");
    }

    private static void program(Path path, String text) throws IOException {
        Files.createDirectories(path.getParent());
        Files.writeString(path, text);
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    private int run(String passwordless) throws Exception {
        Files.deleteIfExists(calls);
        Process process = processOf(passwordless).start();
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        return process.exitValue();
    }

    private ProcessBuilder processOf(String passwordless) {
        ProcessBuilder builder =
                new ProcessBuilder("sh", SCRIPT.toAbsolutePath().toString());
        builder.environment().put("PATH", folder.resolve("bin") + ":/usr/bin:/bin");
        builder.environment().put("LIMA_ROOT", root.toString());
        builder.environment().put("LIMA_CIDATA_MNT", volume.toString());
        builder.environment().put("LIMA_CIDATA_USER", "someone");
        builder.environment().put("LIMA_CIDATA_MOUNTTYPE", mountType);
        builder.environment().put("LIMA_CIDATA_PASSWORDLESS_SUDO", passwordless);
        return builder.redirectErrorStream(true)
                .redirectOutput(folder.resolve("output").toFile());
    }

    private String calls() throws IOException {
        return Files.exists(calls) ? Files.readString(calls) : "";
    }

    @Test
    void systemd() throws Exception {
        Files.createDirectories(root.resolve("run/systemd/system"));
        assertThat(run("1")).isZero();
        Path program = root.resolve("usr/local/bin/lima-guestagent");
        Path unit = root.resolve("etc/systemd/system/lima-guestagent.service");
        Path wanted = root.resolve("etc/systemd/system/sysinit.target.wants/lima-guestagent.service");
        assertThat(program).hasContent("first program").isExecutable();
        assertThat(unit)
                .content()
                .contains(
                        "ExecStart=/usr/local/bin/lima-guestagent --socket /run/lima-guestagent.sock --owner 501:20\n",
                        // However often it has been ended, it comes back.
                        "StartLimitIntervalSec=0\n",
                        "Restart=always\n");
        assertThat(wanted.toRealPath()).isEqualTo(unit.toRealPath());
        assertThat(calls())
                .isEqualTo("systemctl daemon-reload\nsystemctl --no-block restart lima-guestagent.service\n");

        assertThat(run("1")).isZero();
        assertThat(calls()).as("calls of a boot with nothing to change").isEmpty();

        Files.writeString(volume.resolve("lima-guestagent"), "second program");
        assertThat(run("1")).isZero();
        assertThat(program).hasContent("second program");
        assertThat(calls()).contains("restart");

        assertThat(run("0")).isZero();
        assertThat(unit).content().contains("--private\n");
        assertThat(root.resolve("usr/local/bin")).isDirectoryNotContaining("glob:**.new");
    }

    @Test
    void whereThereIsSshfsItGetsWhatItIsToLoad() throws Exception {
        Files.createDirectories(root.resolve("run/systemd/system"));
        Path library = root.resolve("usr/local/lib/lima-sshfs-enospc.so");
        Files.writeString(volume.resolve("lima-sshfs-enospc.so"), "library");
        assertThat(run("1")).isZero();
        assertThat(library).doesNotExist();
        mountType = "reverse-sshfs";
        assertThat(run("1")).isZero();
        assertThat(calls()).as("restarts of an agent that is the same").isEmpty();
        assertThat(library).hasContent("library");
        assertThat(Files.getPosixFilePermissions(library)).isEqualTo(PosixFilePermissions.fromString("rw-r--r--"));
        Files.delete(library);
        Files.delete(library.getParent());
        Files.writeString(library.getParent(), "no directory");
        assertThat(run("1")).as("it can do without").isZero();
        Files.delete(volume.resolve("lima-sshfs-enospc.so"));
        assertThat(run("1")).as("and without one on the volume").isZero();
    }

    @Test
    void openRc() throws Exception {
        program(root.resolve("sbin/openrc-run"), "#!/bin/sh\n");
        assertThat(run("1")).isZero();
        assertThat(root.resolve("etc/init.d/lima-guestagent"))
                .isExecutable()
                .content()
                .startsWith("#!/sbin/openrc-run\n")
                .contains("command_args=\"--socket /run/lima-guestagent.sock --owner 501:20\"");
        assertThat(calls()).isEqualTo("rc-update add lima-guestagent default\nrc-service lima-guestagent restart\n");
        understoodByOpenRc(root.resolve("etc/init.d/lima-guestagent"));
    }

    /** What openrc-run(8) and its guide to supervise-daemon know, of which a service needs no function of its own. */
    private static final Pattern OPENRC =
            Pattern.compile("(name|description|supervisor|command|command_args|respawn_delay"
                    + "|respawn_max|error_log)=(\"[^\"]*\"|[^\"' ]+)");

    /** Reads the service as OpenRC does, which cannot run here: by a shell, whose variables say what to supervise. */
    private void understoodByOpenRc(Path service) throws Exception {
        assertThat(Files.readAllLines(service)).element(0).isEqualTo("#!/sbin/openrc-run");
        assertThat(Files.readAllLines(service))
                .filteredOn(line -> !line.startsWith("#"))
                .allMatch(line -> OPENRC.matcher(line).matches());
        Process shell = new ProcessBuilder(
                        "sh",
                        "-euc",
                        ". \"$1\"; printf '%s\\n' \"$supervisor\" \"$command\" $command_args $respawn_delay"
                                + " $respawn_max",
                        "sh",
                        service.toString())
                .redirectErrorStream(true)
                .start();
        assertThat(new String(shell.getInputStream().readAllBytes(), StandardCharsets.US_ASCII).lines())
                .containsExactly(
                        "supervise-daemon",
                        "/usr/local/bin/lima-guestagent",
                        "--socket",
                        "/run/lima-guestagent.sock",
                        "--owner",
                        "501:20",
                        "1",
                        "0");
    }

    @Test
    void aGuestWithNeitherIsAFailure() throws Exception {
        assertThat(run("1")).isEqualTo(1);
        assertThat(folder.resolve("output")).content().contains("neither systemd nor OpenRC");
    }
}
