// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.command;

import io.jlima.api.HostEnvironment;
import java.nio.file.Path;

/** Paths below the caller's home as people write them. */
final class HomePath {
    private HomePath() {}

    static String shorten(Path path, HostEnvironment caller) {
        Path home = caller.home();
        return path.startsWith(home) && !path.equals(home) ? "~/" + home.relativize(path) : path.toString();
    }
}
