// SPDX-License-Identifier: Apache-2.0
package io.jlima.api;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * The shell that a command came from: the daemon acts for many callers and must use the environment, directory and
 * umask of the one who asked, never its own.
 *
 * @param variables the caller's environment variables
 * @param workingDirectory the caller's working directory, absolute
 * @param umask the caller's file mode creation mask, 0 to 0777
 */
public record HostEnvironment(Map<String, String> variables, Path workingDirectory, int umask) {
    public HostEnvironment {
        variables = Map.copyOf(variables);
    }

    /** The environment of this very process. */
    public static HostEnvironment ofThisProcess() {
        return new HostEnvironment(System.getenv(), Path.of("").toAbsolutePath(), 022);
    }

    /** The value of a variable; empty when unset or empty. */
    public Optional<String> variable(String name) {
        return Optional.ofNullable(variables.get(name)).filter(v -> !v.isEmpty());
    }

    /** The home directory of the caller. */
    public Path home() {
        return Path.of(variable("HOME").orElseGet(() -> System.getProperty("user.home")));
    }

    /** A path as the caller wrote it, made absolute; a leading {@code ~} is the caller's home. */
    public Path resolve(String path) {
        if (path.equals("~")) {
            return home();
        }
        if (path.startsWith("~/")) {
            return home().resolve(path.substring(2));
        }
        return workingDirectory.resolve(path).normalize();
    }

    /** Finds an executable file as the caller's shell would: a name with a slash as it is, any other on PATH. */
    public Optional<Path> findProgram(String name) {
        if (name.contains("/")) {
            Path path = resolve(name);
            return Files.isExecutable(path) ? Optional.of(path) : Optional.empty();
        }
        // Debian keeps mke2fs and its like where an ordinary user's PATH does not look.
        String path = variable("PATH").orElse("/usr/local/bin:/usr/bin:/bin") + ":/usr/local/sbin:/usr/sbin:/sbin";
        for (String directory : path.split(":")) {
            Path file = workingDirectory
                    .resolve(directory.isEmpty() ? "." : directory)
                    .resolve(name);
            if (Files.isExecutable(file) && !Files.isDirectory(file)) {
                return Optional.of(file);
            }
        }
        return Optional.empty();
    }

    /** Puts this environment in place of whatever the process builder inherited, working directory included. */
    public ProcessBuilder apply(ProcessBuilder builder) {
        builder.environment().clear();
        builder.environment().putAll(variables);
        // The directory may be gone since the caller's shell entered it; a process cannot start there then.
        if (Files.isDirectory(workingDirectory)) {
            builder.directory(workingDirectory.toFile());
        }
        return builder;
    }
}
