// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.command;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SortedSet;
import java.util.function.Function;
import java.util.stream.Collectors;

/** An ssh_config(5) with several instances in it: the kept one of a single instance, a passing one of several. */
record SshConfigFile(Path path, boolean passing) implements AutoCloseable {
    /** @param directory of an instance */
    static SshConfigFile of(SortedSet<String> instances, Function<String, Path> directory) {
        if (instances.isEmpty()) {
            return new SshConfigFile(Path.of("/dev/null"), false);
        }
        if (instances.size() == 1) {
            return new SshConfigFile(directory.apply(instances.first()).resolve("ssh.config"), false);
        }
        try {
            // 0600 from the beginning: createTempFile sees to that.
            Path file = Files.createTempFile("jlima", ".ssh.config");
            Files.writeString(
                    file,
                    instances.stream()
                            .map(i -> "Include \"" + directory.apply(i).resolve("ssh.config") + "\"\n")
                            .collect(Collectors.joining()));
            return new SshConfigFile(file, true);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        if (passing) {
            try {
                Files.deleteIfExists(path);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
