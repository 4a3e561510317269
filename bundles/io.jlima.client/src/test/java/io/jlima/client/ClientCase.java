// SPDX-License-Identifier: Apache-2.0
package io.jlima.client;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A client in an installation of its own, beside a daemon that says what the test has written down. */
@Timeout(60)
abstract class ClientCase {
    final TestedClient client;

    @TempDir
    Path home;

    ScriptedDaemon daemon;
    private final List<Process> processes = new ArrayList<>();

    ClientCase(TestedClient client) {
        this.client = client;
    }

    @BeforeEach
    void open() throws Exception {
        Files.createDirectories(home.resolve("_daemon"));
        client.install(home.resolve("prefix"));
        Files.writeString(home.resolve("prefix/lib/daemon.sh"), "echo \"no daemon can be had\" >&2; exit 1\n");
        daemon = new ScriptedDaemon(home.resolve("_daemon/sock"));
    }

    @AfterEach
    void close() throws Exception {
        for (Process process : processes) {
            process.destroyForcibly().waitFor();
        }
        daemon.close();
    }

    /** Starts it; it does not outlive the test. */
    Process start(ProcessBuilder builder) throws IOException {
        Process process = builder.start();
        processes.add(process);
        return process;
    }

    ProcessBuilder client(String... words) {
        List<String> line = new ArrayList<>(List.of("/bin/sh", "-c", "umask 027; exec \"$@\"", "sh"));
        line.addAll(client.command(home.resolve("prefix")));
        line.addAll(List.of(words));
        ProcessBuilder builder = new ProcessBuilder(line);
        builder.environment().putAll(client.settings(home, home.resolve("prefix")));
        builder.environment().put("MARK", "of the caller");
        builder.directory(home.toFile());
        return builder;
    }

    /** The client within a line of a shell, where it stands as {@code "$@"}. */
    ProcessBuilder inShell(String line, ProcessBuilder client) {
        List<String> words = new ArrayList<>(List.of("/bin/sh", "-c", line, "sh"));
        words.addAll(client.command());
        return client.command(words);
    }

    record Outcome(int code, String out, String err) {}

    Outcome run(ProcessBuilder builder, String input) throws Exception {
        Path err = home.resolve("err");
        Process process = start(builder.redirectError(err.toFile()));
        try (var stdin = process.getOutputStream()) {
            stdin.write(input.getBytes(StandardCharsets.UTF_8));
        }
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Outcome(process.waitFor(), out, Files.readString(err));
    }

    static void signal(long pid, String name) throws Exception {
        assertThat(new ProcessBuilder("/bin/sh", "-c", "kill -" + name + " " + pid)
                        .start()
                        .waitFor())
                .isZero();
    }
}
