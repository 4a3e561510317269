// SPDX-License-Identifier: Apache-2.0
package io.jlima.client;

import io.jlima.client.Client.Failure;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The daemon of one LIMA_HOME, started when it is not there. */
final class Daemon {
    /** Length of sun_path in sockaddr_un, with its final zero: 108 on Linux (unix(7)), 104 on BSD and macOS. */
    private static final int SOCKET_PATH_LIMIT =
            System.getProperty("os.name", "").startsWith("Linux") ? 108 : 104;

    private final Path home;
    private final Path prefix;

    Daemon(Path home, Path prefix) {
        this.home = home;
        this.prefix = prefix;
    }

    /** Connects, after starting the daemon if nobody answers. */
    Connection connect() throws IOException, Failure, InterruptedException {
        Path socket = home.resolve("_daemon").resolve("sock");
        if (socket.toString().getBytes(StandardCharsets.UTF_8).length >= SOCKET_PATH_LIMIT) {
            throw new Failure("LIMA_HOME " + home + " is too long for a socket in it: a socket's path may have at most "
                    + (SOCKET_PATH_LIMIT - 1) + " bytes. Choose a shorter LIMA_HOME");
        }
        try {
            return Connection.to(socket);
        } catch (IOException e) {
            return start(socket);
        }
    }

    private Connection start(Path socket) throws IOException, Failure, InterruptedException {
        Process script = new ProcessBuilder(
                        "/bin/sh", prefix.resolve("lib/daemon.sh").toString(), home.toString())
                .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        if (script.waitFor() != 0) {
            throw new Failure("the daemon could not be started");
        }
        try {
            return Connection.to(socket);
        } catch (IOException e) {
            throw new Failure("the daemon does not answer (" + e.getMessage() + "); the end of its log "
                    + home.resolve("_daemon/log") + ":\n" + lastWords());
        }
    }

    private String lastWords() {
        try {
            List<String> lines = Files.readAllLines(home.resolve("_daemon/log"));
            return String.join("\n", lines.subList(Math.max(0, lines.size() - 15), lines.size()));
        } catch (IOException e) {
            return e.toString();
        }
    }
}
