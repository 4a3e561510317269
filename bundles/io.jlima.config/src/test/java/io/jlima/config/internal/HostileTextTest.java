// SPDX-License-Identifier: Apache-2.0
package io.jlima.config.internal;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Texts that are made to take time and memory: what reading them takes is printed, and bounded by their length. */
class HostileTextTest {
    private static final int MIB = 1 << 20;

    @TempDir
    Path home;

    record Hostile(String name, String text) {
        @Override
        public String toString() {
            return name;
        }
    }

    static List<Hostile> texts() {
        List<Hostile> texts = new ArrayList<>();
        StringBuilder laughs = new StringBuilder("a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]\n");
        for (int i = 1; i < 10; i++) {
            laughs.append("a%d: &a%d [%s]\n".formatted(i, i, ("*a" + (i - 1) + ", ").repeat(9) + "x"));
        }
        texts.add(new Hostile("billion laughs", laughs.toString()));
        StringBuilder doubling = new StringBuilder("a0: &a0 {k: v}\n");
        for (int i = 1; i < 60; i++) {
            doubling.append("a%1$d: &a%1$d {l: *a%2$d, r: *a%2$d}\n".formatted(i, i - 1));
        }
        texts.add(new Hostile("doubling aliases", doubling.toString()));
        texts.add(new Hostile("10000 brackets", "a: " + "[".repeat(10_000) + "]".repeat(10_000)));
        texts.add(new Hostile("10000 braces", "a: " + "{a: ".repeat(10_000)));
        texts.add(new Hostile("10000 dashes", "- ".repeat(10_000) + "x"));
        StringBuilder indented = new StringBuilder();
        for (int i = 0; i < 1400; i++) {
            indented.append(" ".repeat(i)).append("a:\n");
        }
        texts.add(new Hostile("1 MiB of indentation", indented.toString()));
        texts.add(new Hostile("1 MiB of items", "a:\n" + "- 1\n".repeat(MIB / 4)));
        texts.add(new Hostile("1 MiB of commas", "a: [" + "1,".repeat(MIB / 2) + "]"));
        StringBuilder keys = new StringBuilder();
        for (int i = 0; keys.length() < MIB; i++) {
            keys.append("key").append(i).append(": 1\n");
        }
        texts.add(new Hostile("1 MiB of unknown keys", keys.toString()));
        StringBuilder wrong = new StringBuilder("mounts:\n");
        while (wrong.length() < MIB) {
            wrong.append("- {location: x, writable: y}\n");
        }
        texts.add(new Hostile("1 MiB of errors", wrong.toString()));
        texts.add(new Hostile("1 MiB in one key", "k".repeat(MIB) + ": 1\n"));
        texts.add(
                new Hostile("1 MiB of braces in a script", "provision: [{script: '" + "{{".repeat(MIB / 2) + "'}]\n"));
        texts.add(new Hostile("1 MiB of digits", "cpus: " + "9".repeat(MIB) + "\n"));
        texts.add(new Hostile("1 MiB of comments", "# x\n".repeat(MIB / 4)));
        texts.add(new Hostile("1 MiB of text", "message: |\n" + ("  " + "x".repeat(60) + "\n").repeat(MIB / 64)));
        return texts;
    }

    @ParameterizedTest
    @MethodSource("texts")
    void takesLittle(Hostile hostile) {
        Given given = Given.linux(home);
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        String outcome = "";
        long nanos = Long.MAX_VALUE;
        long bytes = Long.MAX_VALUE;
        // The first time pays for loading classes.
        for (int i = 0; i < 3; i++) {
            long allocated = threads.getCurrentThreadAllocatedBytes();
            long start = System.nanoTime();
            outcome = given.refusalOf(hostile.text());
            nanos = Math.min(nanos, System.nanoTime() - start);
            bytes = Math.min(bytes, threads.getCurrentThreadAllocatedBytes() - allocated);
        }
        System.out.printf(
                "%-28s %7d bytes: %4d ms, %4d MiB allocated: %s%n",
                hostile.name(),
                hostile.text().length(),
                nanos / 1_000_000,
                bytes / MIB,
                outcome.lines().findFirst().orElse("").replaceAll("^(.{90}).*", "$1…"));
        assertThat(outcome)
                .as("none of them lists an image")
                .isNotEqualTo("accepted")
                .hasSizeLessThan(50_000);
        assertThat(bytes).isLessThan(64L * MIB + 400L * hostile.text().length());
    }
}
