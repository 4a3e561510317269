// SPDX-License-Identifier: Apache-2.0
package io.jlima.hypervisor.qemu.internal;

import io.jlima.api.HostEnvironment;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashMap;
import java.util.Map;

/** Environments of callers, and programs that stand in for QEMU. */
final class Caller {
    private Caller() {}

    /** This process's environment with a home of its own, and with further variables. */
    static HostEnvironment in(Path home, String... namesAndValues) {
        Map<String, String> variables = new HashMap<>(System.getenv());
        variables.keySet().removeIf(name -> name.contains("_SYSTEM_") || name.startsWith("XDG_"));
        variables.put("HOME", home.toString());
        for (int i = 0; i < namesAndValues.length; i += 2) {
            variables.put(namesAndValues[i], namesAndValues[i + 1]);
        }
        return new HostEnvironment(variables, home, 022);
    }

    /** A shell script as {@code qemu-system-x86_64}; its directory must come first on the caller's PATH. */
    static Path program(Path directory, String script) throws IOException {
        Path program = directory.resolve("qemu-system-x86_64");
        Files.createDirectories(directory);
        Files.writeString(program, "#!/bin/sh\n" + script + "\n");
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
        return program;
    }
}
