// SPDX-License-Identifier: Apache-2.0
package io.jlima.mount.sshfs.internal;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Collectors;

/** What the guest's shell is told. */
final class GuestScript {
    private static final String FUNCTIONS = functions();

    private GuestScript() {}

    private static String functions() {
        try (InputStream in = GuestScript.class.getResourceAsStream("guest.sh")) {
            if (in == null) {
                throw new IllegalStateException("guest.sh is not in the bundle");
            }
            // The guest has it decrypted and read by two shells each time; what it means is for people.
            return new String(in.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .filter(line -> !line.isBlank() && !line.strip().startsWith("#"))
                    .map(line -> line + "\n")
                    .collect(Collectors.joining());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Several calls at once; each tells how it ended as soon as it has. */
    static String together(List<String> calls) {
        return FUNCTIONS + calls.stream().map(call -> call + "\n").collect(Collectors.joining()) + "attach_all\nwait\n";
    }

    /** One call that takes over the shell's own streams. */
    static String alone(String call) {
        return FUNCTIONS + call + "\n";
    }

    /**
     * Mounts, unless it is mounted and works. Those with the same host and options may come from one sshfs.
     *
     * @param again whether it has been mounted before, and may have been lost because the guest shuts down
     */
    static String attach(int number, SshfsOptions options, String host, String words, boolean again) {
        String mountPoint = options.mount().mountPoint();
        String location = options.mount().location();
        return "attach %d %s %s %s %s %s %s %s"
                .formatted(
                        number,
                        word(mountPoint),
                        word(escaped(mountPoint)),
                        word(host),
                        word(location),
                        word(words),
                        options.show(),
                        again ? "again" : "first");
    }

    /** Mounts by the shell's own streams. */
    static String passive(int number, String mountPoint, String source, String options, String place) {
        return "passive %d %s %s %s %s %s"
                .formatted(
                        number, word(mountPoint), word(escaped(mountPoint)), word(source), word(options), word(place));
    }

    /** Unmounts, if it is mounted. */
    static String detach(int number, String mountPoint) {
        return "detach %d %s %s &".formatted(number, word(mountPoint), word(escaped(mountPoint)));
    }

    /** A word of a POSIX shell that means just this text. */
    static String word(String text) {
        return "'" + text.replace("'", "'\\''") + "'";
    }

    /** How the kernel writes a path in its mount table, proc(5); it has no trailing or double slashes. */
    static String escaped(String path) {
        String plain = path.replaceAll("/+", "/");
        if (plain.length() > 1 && plain.endsWith("/")) {
            plain = plain.substring(0, plain.length() - 1);
        }
        return plain.replace("\\", "\\134")
                .replace(" ", "\\040")
                .replace("\t", "\\011")
                .replace("\n", "\\012");
    }
}
