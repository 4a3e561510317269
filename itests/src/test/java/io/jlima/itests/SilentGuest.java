// SPDX-License-Identifier: Apache-2.0
package io.jlima.itests;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A guest that never answers: its disk is empty, so that its machine runs for as long as it may, and a start stays at
 * the wait for the guest. Has a download cache of its own; only what is trained for the JVM is shared with the user's.
 */
final class SilentGuest implements AutoCloseable {
    /** What a start says last before it waits. */
    static final String WAITING = "Waiting for the guest to boot";

    final Path folder;

    SilentGuest() {
        try {
            folder = Files.createTempDirectory(Path.of("/tmp"), "js");
            Path trained = Path.of(Optional.ofNullable(System.getenv("XDG_CACHE_HOME"))
                            .filter(value -> !value.isEmpty())
                            .orElse(System.getProperty("user.home") + "/.cache"))
                    .resolve("lima/aot");
            Files.createDirectories(trained);
            Files.createDirectories(cache().resolve("lima"));
            Files.createSymbolicLink(cache().resolve("lima/aot"), trained);
            image(64 << 20);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** For XDG_CACHE_HOME. */
    Path cache() {
        return folder.resolve("cache");
    }

    /** An empty disk of this many bytes. */
    Path image(long size) {
        Path file = folder.resolve(size + ".raw");
        try (RandomAccessFile content = new RandomAccessFile(file.toFile(), "rw")) {
            content.setLength(size);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return file;
    }

    /** A home that uses this guest's cache. */
    Home home() {
        return Home.create().with("XDG_CACHE_HOME", cache().toString());
    }

    /** Text of lima.yaml. */
    String yaml() {
        return yaml(image(64 << 20).toString(), "");
    }

    static String yaml(String location, String more) {
        return """
                images: [{location: "%s", arch: "x86_64"}]
                firmware: {legacyBIOS: true}
                arch: "x86_64"
                mounts: []
                memory: "256MiB"
                cpus: 1
                disk: "100MiB"
                containerd: {system: false, user: false}
                %s
                """.formatted(location, more);
    }

    /** Creates the instance. */
    void create(Home home, String name) {
        create(home, name, "");
    }

    void create(Home home, String name, String more) {
        Path file = home.write(name + ".lima.yaml", yaml(image(64 << 20).toString(), more));
        home.good("create", "--name", name, file.toString());
    }

    /**
     * Starts an instance as far as it comes.
     *
     * @return pid of its machine
     */
    static long run(Home home, String name) {
        try (Running start = home.running("start", name)) {
            start.says(WAITING).interrupt().end();
        }
        return home.machinePid(name);
    }

    @Override
    public void close() throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        }
    }
}
