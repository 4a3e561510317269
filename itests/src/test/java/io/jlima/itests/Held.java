// SPDX-License-Identifier: Apache-2.0
package io.jlima.itests;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** What a daemon holds when it has nothing to do: descriptors, threads, and KiB of live objects. */
record Held(long descriptors, long threads, long heap) {
    static Held by(long pid) throws Exception {
        Path process = Path.of("/proc/" + pid);
        long descriptors;
        try (Stream<Path> open = Files.list(process.resolve("fd"))) {
            descriptors = open.count();
        }
        String jcmd = Path.of(System.getProperty("java.home"), "bin/jcmd").toString();
        String script = jcmd + " " + pid + " GC.run >/dev/null && " + jcmd + " " + pid + " GC.heap_info";
        Process asking = new ProcessBuilder("/bin/sh", "-c", script)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        String text = new String(asking.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        long heap = Pattern.compile("Tenured +total \\d+K, used (\\d+)K")
                .matcher(text)
                .results()
                .mapToLong(r -> Long.parseLong(r.group(1)))
                .sum();
        assertThat(heap).as(text).isPositive();
        try (Stream<Path> tasks = Files.list(process.resolve("task"))) {
            return new Held(descriptors, tasks.count(), heap);
        }
    }
}
