// SPDX-License-Identifier: Apache-2.0
package io.jlima.client;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** One of the programs that can be limactl. */
enum TestedClient {
    JAVA(List.of(), ""),
    NATIVE(List.of(), "lib/limactl-linux-" + machine()),
    /** Ends at the first use of memory or arithmetic that C does not define. */
    SANITIZED(List.of(), "test/limactl-sanitized"),
    /** The other machine's, where this one can run it. */
    CROSS_BUILT(List.of("qemu-aarch64-static"), "lib/limactl-linux-aarch64");

    private static final Path BUILT = Path.of("target/native").toAbsolutePath();

    private final List<String> interpreter;
    private final String program;

    TestedClient(List<String> interpreter, String program) {
        this.interpreter = interpreter;
        this.program = program;
    }

    private static String machine() {
        String machine = System.getProperty("os.arch", "");
        return machine.equals("amd64") ? "x86_64" : machine;
    }

    /** All that this machine can build and run; with a C compiler that is more than the Java one. */
    static List<TestedClient> all() {
        return Arrays.stream(values()).filter(TestedClient::isHere).toList();
    }

    static List<TestedClient> natives() {
        return all().stream().filter(TestedClient::isNative).toList();
    }

    private boolean isHere() {
        if (this == CROSS_BUILT) {
            return machine().equals("x86_64")
                    && onPath(program())
                    && interpreter.stream().allMatch(TestedClient::onPath);
        }
        return this == JAVA || onPath("cc");
    }

    private Path program() {
        return BUILT.resolve(program);
    }

    private static boolean onPath(Path program) {
        return Files.isExecutable(program);
    }

    private static boolean onPath(String name) {
        return Stream.of(System.getenv().getOrDefault("PATH", "").split(":"))
                .anyMatch(folder -> Files.isExecutable(Path.of(folder, name)));
    }

    boolean isNative() {
        return this != JAVA;
    }

    /** Whether it starts in a few milliseconds. */
    boolean isQuick() {
        return this == NATIVE || this == SANITIZED;
    }

    /** Makes an installation around it, of version 0.1.0. */
    void install(Path prefix) throws IOException {
        Files.createDirectories(prefix.resolve("lib"));
        Files.createDirectories(prefix.resolve("bin"));
        Files.writeString(prefix.resolve("lib/version"), "0.1.0\n");
        if (isNative()) {
            Files.copy(program(), prefix.resolve("bin/limactl"));
        }
    }

    List<String> command(Path prefix) {
        if (this == JAVA) {
            return List.of(
                    Path.of(System.getProperty("java.home"), "bin/java").toString(),
                    "-Xshare:auto",
                    "-XX:TieredStopAtLevel=1",
                    "-cp",
                    Path.of("target/classes").toAbsolutePath().toString(),
                    "io.jlima.client.Client");
        }
        String program = prefix.resolve("bin/limactl").toString();
        return Stream.concat(interpreter.stream(), Stream.of(program)).toList();
    }

    /** Environment variables for it; the Java client gets from its launcher what the others find out themselves. */
    Map<String, String> settings(Path home, Path prefix) {
        return this == JAVA
                ? Map.of(
                        "_JLIMA_HOME", home.toString(),
                        "_JLIMA_PREFIX", prefix.toString(),
                        "_JLIMA_VERSION", "0.1.0",
                        "_JLIMA_UMASK", "0027",
                        "_JLIMA_TERMINALS", "000")
                : Map.of("LIMA_HOME", home.toString(), "ASAN_OPTIONS", "detect_leaks=0");
    }
}
