// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.image;

import io.jlima.api.HostEnvironment;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;

/** A caller whose home and cache are in a directory of the test. */
record Desk(Path directory, HostEnvironment caller) {
    static final Patience PATIENCE = new Patience(Duration.ofSeconds(10), Duration.ofSeconds(60));

    static Desk in(Path directory, String... variables) {
        Map<String, String> all = new HashMap<>();
        all.put("PATH", System.getenv("PATH"));
        all.put("HOME", directory.toString());
        all.put("XDG_CACHE_HOME", directory.resolve("cache").toString());
        for (int i = 0; i < variables.length; i += 2) {
            all.put(variables[i], variables[i + 1]);
        }
        return new Desk(directory, new HostEnvironment(all, directory, 022));
    }

    CacheEntry entry(String location) {
        return CacheEntry.of(CacheEntry.root(caller), location);
    }

    /** Names of all files in the entry, sorted. */
    List<String> files(String location) throws IOException {
        try (Stream<Path> files = Files.list(entry(location).directory())) {
            return files.map(f -> f.getFileName().toString()).sorted().toList();
        }
    }

    /** Bytes that do not compress. */
    static byte[] noise(int length, long seed) {
        byte[] bytes = new byte[length];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    static String digest(String algorithm, byte[] bytes) throws Exception {
        MessageDigest digest = MessageDigest.getInstance(algorithm);
        return algorithm.toLowerCase(java.util.Locale.ROOT).replace("-", "") + ":"
                + HexFormat.of().formatHex(digest.digest(bytes));
    }

    /** What a real program makes of these bytes. */
    static byte[] filtered(byte[] bytes, String... command) throws Exception {
        Process process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        Thread writer = Thread.ofVirtual().start(() -> {
            try (var stdin = process.getOutputStream()) {
                stdin.write(bytes);
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        });
        ByteArrayOutputStream result = new ByteArrayOutputStream();
        process.getInputStream().transferTo(result);
        writer.join();
        if (process.waitFor() != 0) {
            throw new IOException(List.of(command) + " failed");
        }
        return result.toByteArray();
    }
}
