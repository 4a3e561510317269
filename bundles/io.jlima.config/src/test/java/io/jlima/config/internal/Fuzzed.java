// SPDX-License-Identifier: Apache-2.0
package io.jlima.config.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.jlima.api.LimaException;
import io.jlima.config.internal.yaml.Mapping;
import io.jlima.config.internal.yaml.Node;
import io.jlima.config.internal.yaml.Node.Scalar;
import io.jlima.config.internal.yaml.Node.Sequence;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** What the fuzz tests share: how bytes become texts, and what every outcome has in common. */
final class Fuzzed {
    /** Longest message that a person would read: fifty findings of a few lines each. */
    private static final int LONGEST_MESSAGE = 50_000;

    private Fuzzed() {}

    /** The bytes as text; what is no UTF-8 becomes replacement characters, as other tests refuse it where files are read. */
    static String text(byte[] input) {
        return new String(input, StandardCharsets.UTF_8);
    }

    /** The parts of an input, which lines of three equals signs separate; exactly {@code count}, empty where none is. */
    static List<String> parts(byte[] input, int count) {
        String[] parts = text(input).split("(?m)^===$\n?", count);
        return IntStream.range(0, count)
                .mapToObj(i -> i < parts.length ? parts[i] : "")
                .toList();
    }

    /** A message has a first line, an end, and nothing in it that steers a terminal. */
    static void checkMessage(LimaException e) {
        String message = String.valueOf(e.getMessage());
        assertThat(e.what()).isNotBlank();
        assertThat(message.length()).isLessThan(LONGEST_MESSAGE);
        assertThat(message.chars().filter(c -> Character.isISOControl(c) && c != '\n' && c != '\t'))
                .as("control characters in %s", message)
                .isEmpty();
    }

    /** The tree without its places. */
    static String shape(Node node) {
        return switch (node) {
            case Scalar scalar -> scalar.kind() + ":" + (scalar.isNull() ? "" : scalar.text());
            case Sequence sequence ->
                sequence.items().stream().map(Fuzzed::shape).collect(Collectors.joining(",", "[", "]"));
            case Mapping mapping ->
                mapping.entries().entrySet().stream()
                        .map(e -> e.getKey() + "=" + shape(e.getValue()))
                        .collect(Collectors.joining(",", "{", "}"));
        };
    }
}
