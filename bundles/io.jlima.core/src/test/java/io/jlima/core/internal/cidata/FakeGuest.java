// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.cidata;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A directory that stands for a guest's root, a volume unpacked beside it, and stand-ins for all programs that would
 * touch the machine; each of them notes its call. Nothing else than harmless programs can be found on PATH.
 */
final class FakeGuest {
    private static final List<String> HARMLESS = List.of(
            "sh",
            "cat",
            "sed",
            "awk",
            "grep",
            "tee",
            "mkfifo",
            "rm",
            "mkdir",
            "rmdir",
            "chmod",
            "cp",
            "mv",
            "ln",
            "cmp",
            "diff",
            "find",
            "uname",
            "dirname",
            "basename",
            "readlink",
            "od",
            "tr",
            "cut",
            "sort",
            "head",
            "tail",
            "env",
            "mktemp",
            "date",
            "stat",
            "id",
            "touch",
            "timeout",
            "sleep",
            "true",
            "false",
            "test",
            "printf",
            "echo");

    /** All else that the programs of the volume call. */
    private static final List<String> NOTED = List.of(
            "chown",
            "useradd",
            "usermod",
            "systemctl",
            "loginctl",
            "mount",
            "modprobe",
            "udevadm",
            "chpasswd",
            "reboot",
            "resize2fs",
            "apt-get",
            "dnf",
            "yum",
            "pacman",
            "zypper",
            "apk",
            "update-ca-certificates",
            "rc-service",
            "apparmor_parser",
            "blkid",
            "sfdisk",
            "mkswap",
            "swapon",
            "growpart",
            "findfs",
            "mkfs.ext4",
            "chronyc");

    final Path root;
    final Path volume;
    private final Path programs;
    private final Path calls;
    private final Map<String, String> environment = new TreeMap<>();

    FakeGuest(Path directory, Fixture fixture) throws IOException, InterruptedException {
        root = directory.resolve("root");
        programs = Files.createDirectories(directory.resolve("programs"));
        calls = Files.createFile(directory.resolve("calls"));
        for (String name : List.of("etc", "run", "var/log", "proc/sys/kernel", "sys/class/net", "home")) {
            Files.createDirectories(root.resolve(name));
        }
        Path host = Files.createDirectories(directory.resolve("host"));
        Cidata cidata = new Cidata(InstantSource.fixed(Instant.EPOCH), new GuestEnvironment(name -> false));
        volume = Program.extract(cidata.write(fixture.request(), host).iso(), directory.resolve("volume"));
        for (String name : HARMLESS) {
            executable(programs.resolve(name), "#!/bin/sh\nexec " + find(name) + " \"$@\"\n");
        }
        for (String name : NOTED) {
            program(name, "exit 0");
        }
        program("mountpoint", "exit 1");
        // What runs here as another user runs as the test's.
        program("sudo", """
                while :; do
                  case $1 in
                  -u) shift 2 ;;
                  -*) shift ;;
                  *) break ;;
                  esac
                done
                exec "$@"
                """);
        environment.put("LIMA_ROOT", root.toString());
        environment.put("LIMA_CIDATA_MNT", volume.toString());
        environment.put("PATH", programs.toString());
    }

    /** A program of the guest: notes how it was called, then does what the text says. */
    void program(String name, String text) throws IOException {
        executable(
                programs.resolve(name),
                "#!/bin/sh\nprintf '%s\\n' \"" + name + " $*\" >>'" + calls + "'\n" + text + "\n");
    }

    void without(String program) throws IOException {
        Files.delete(programs.resolve(program));
    }

    void variable(String name, String value) {
        environment.put(name, value);
    }

    /** Exports lima.env for modules that are run on their own. */
    void withLimaEnv() throws IOException {
        for (String line : Files.readAllLines(volume.resolve("lima.env"))) {
            int at = line.indexOf('=');
            environment.put(line.substring(0, at), line.substring(at + 1));
        }
        environment.put("PATH", programs + ":" + volume.resolve("util"));
    }

    Program.Result run(String path) throws IOException, InterruptedException {
        // Only sh by its full name: with a PATH of its own, a child must find nothing but what is in it.
        return Program.run(environment, "/bin/sh", volume.resolve(path).toString());
    }

    /** Starts without waiting for it or for whoever else keeps its output open. */
    Process start(String path, Path output) throws IOException {
        ProcessBuilder builder =
                new ProcessBuilder("/bin/sh", volume.resolve(path).toString());
        builder.environment().putAll(environment);
        return builder.redirectErrorStream(true).redirectOutput(output.toFile()).start();
    }

    Program.Result module(String path) throws IOException, InterruptedException {
        withLimaEnv();
        return run(path);
    }

    /** Takes the modules of the volume away, so that only those of the test run. */
    void withoutModules() throws IOException {
        for (String name : List.of("boot.Linux", "boot.essential.Linux")) {
            try (var files = Files.list(volume.resolve(name))) {
                for (Path file : files.toList()) {
                    Files.delete(file);
                }
            }
        }
    }

    void write(String path, String text) throws IOException {
        Path file = root.resolve(path);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
    }

    String read(String path) throws IOException {
        return Files.readString(root.resolve(path));
    }

    boolean exists(String path) {
        return Files.exists(root.resolve(path));
    }

    String mode(String path) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(root.resolve(path)));
    }

    List<String> calls() throws IOException {
        return Files.readAllLines(calls);
    }

    void forgetCalls() throws IOException {
        Files.writeString(calls, "");
    }

    static void executable(Path file, String text) throws IOException {
        Files.write(file, text.getBytes(UTF_8));
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    private static Path find(String name) {
        return List.of("/usr/bin", "/bin", "/usr/sbin", "/sbin").stream()
                .map(directory -> Path.of(directory, name))
                .filter(Files::isExecutable)
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("no " + name));
    }
}
