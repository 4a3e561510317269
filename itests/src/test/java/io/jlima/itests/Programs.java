// SPDX-License-Identifier: Apache-2.0
package io.jlima.itests;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/** Programs that a test puts in the place of the host's. */
final class Programs {
    private Programs() {}

    /** A shell script in the home, or in a folder of it. */
    static Path script(Home home, String name, String text) throws IOException {
        Path file = home.path.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, "#!/bin/sh\n" + text);
        return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }
}
