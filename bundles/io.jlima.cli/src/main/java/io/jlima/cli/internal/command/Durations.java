// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.command;

import io.jlima.api.LimaException;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Durations as Go programs write them: {@code 10m}, {@code 1h30m}, {@code 1.5s}, {@code 300ms}. */
final class Durations {
    private static final Pattern PART = Pattern.compile("(\\d+(?:\\.\\d+)?)(ms|h|m|s)");

    private Durations() {}

    static Duration parse(String text) {
        Matcher parts = PART.matcher(text);
        double seconds = 0;
        int end = 0;
        while (parts.find() && parts.start() == end) {
            end = parts.end();
            double value = Double.parseDouble(parts.group(1));
            seconds += switch (parts.group(2)) {
                case "h" -> value * 3600;
                case "m" -> value * 60;
                case "s" -> value;
                default -> value / 1000;
            };
        }
        if (end == 0 || end != text.length()) {
            throw new LimaException("invalid duration \"" + text + "\"", "Write for example 10m, 90s or 1h30m");
        }
        return Duration.ofMillis(Math.round(seconds * 1000));
    }
}
