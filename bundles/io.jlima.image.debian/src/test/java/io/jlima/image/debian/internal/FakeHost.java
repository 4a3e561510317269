// SPDX-License-Identifier: Apache-2.0
package io.jlima.image.debian.internal;

import io.jlima.api.HostEnvironment;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A host whose mmdebstrap and the like are shell scripts. They find {@code $HOST}, a directory to leave traces in and
 * to wait on.
 */
final class FakeHost {
    final Path directory;
    private final Path programs;
    final Path temporary;

    FakeHost(Path directory) throws IOException {
        this.directory = directory;
        this.programs = Files.createDirectories(directory.resolve("bin"));
        this.temporary = Files.createDirectories(directory.resolve("tmp"));
        program("mmdebstrap", mmdebstrap("exit 0"));
        program("mke2fs", "exit 1");
        program("newuidmap", "exit 1");
        program("qemu-img", "for word in \"$@\"; do last=$word; done; echo '    (50.00/100%)'; echo qcow2 > \"$last\"");
        // The host's own may not be allowed to do anything here.
        program("unshare", "exit 0");
    }

    /** A mmdebstrap that counts its runs, does {@code first}, and then what is expected of it. */
    static String mmdebstrap(String last) {
        return """
            echo run >> "$HOST/runs"
            echo "$TMPDIR" > "$HOST/scratch"
            mkdir "$TMPDIR/mmdebstrap.tree"
            kernel= initrd=
            for word in "$@"; do
              case $word in
                *"download /tmp/jlima/kernel "*) kernel=${word#*kernel } ;;
                *"download /tmp/jlima/initrd "*) initrd=${word#*initrd } ;;
              esac
            done
            echo "I: installing essential packages..."
            eval "echo kernel > $kernel"
            eval "echo initrd > $initrd"
            echo ext4 > /proc/self/fd/0
            """ + last + "\n";
    }

    void program(String name, String script) throws IOException {
        Path file = programs.resolve(name);
        Files.writeString(file, "#!/bin/sh\n" + script + "\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    void without(String name) throws IOException {
        Files.delete(programs.resolve(name));
    }

    HostEnvironment environment() {
        Map<String, String> variables = new HashMap<>();
        variables.put("PATH", programs.toString());
        variables.put("TMPDIR", temporary.toString());
        variables.put("HOST", directory.toString());
        return new HostEnvironment(variables, directory, 022);
    }

    /** How often mmdebstrap has run. */
    int runs() throws IOException {
        Path file = directory.resolve("runs");
        return Files.exists(file) ? Files.readAllLines(file).size() : 0;
    }

    /** What builds have left in the directory for temporary files. */
    List<Path> leftTemporaries() throws IOException {
        try (var files = Files.list(temporary)) {
            return files.toList();
        }
    }
}
