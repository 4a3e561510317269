// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.command;

import io.jlima.api.command.Invocation;
import io.jlima.api.config.InstanceConfig.Mount;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** The line that the guest's sshd is given: into a directory, and then the shell. */
final class ShellScript {
    private ShellScript() {}

    /**
     * @param directory a command that enters the directory
     * @param assignments {@code NAME=value}, set for the shell
     * @param shell empty for the guest user's own
     * @param command empty for a shell to work in
     */
    static String of(String directory, List<String> assignments, String shell, List<String> command) {
        StringBuilder line = new StringBuilder(directory).append(" ; exec ");
        if (!assignments.isEmpty()) {
            line.append("env");
            assignments.forEach(a -> line.append(' ').append(Words.quote(a)));
            line.append(' ');
        }
        line.append(shell.isEmpty() ? "\"$SHELL\"" : Words.quote(shell)).append(" -l");
        if (!command.isEmpty()) {
            line.append(" -c ").append(Words.quote(Words.commandLine(command)));
        }
        return line.toString();
    }

    /** The command that enters the right directory; which one that is, the mounts' host side decides. */
    static String directory(Invocation invocation, List<Mount> mounts) {
        Optional<String> wanted = invocation.value("workdir");
        if (wanted.isPresent()) {
            return "cd " + Words.quote(wanted.get()) + " || exit 1";
        }
        Path current = invocation.caller().workingDirectory();
        Path home = invocation.caller().home();
        // The home directory is only a place to fall back to; that a guest user may not enter it is no news.
        String goHome = "cd " + Words.quote(home.toString()) + " 2>/dev/null";
        if (isMounted(current, mounts)) {
            return "cd " + Words.quote(current.toString()) + " || " + goHome;
        }
        return isMounted(home, mounts) ? goHome : "false";
    }

    private static boolean isMounted(Path path, List<Mount> mounts) {
        return mounts.stream().anyMatch(m -> real(path).startsWith(real(Path.of(m.location()))));
    }

    private static Path real(Path path) {
        try {
            return path.toRealPath();
        } catch (IOException e) {
            return path.toAbsolutePath().normalize();
        }
    }
}
