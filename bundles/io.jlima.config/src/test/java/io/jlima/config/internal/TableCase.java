// SPDX-License-Identifier: Apache-2.0
package io.jlima.config.internal;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * One line of a table.
 *
 * @param place file and line
 * @param rows what it covers
 * @param hosts letters, as the head of {@code fields.txt} has them
 * @param facts what else is special, as {@code key=value}
 * @param text the main text, or a locator
 * @param files other texts by name
 * @param outcome what must be seen, each part as written
 */
record TableCase(
        String place,
        List<String> rows,
        List<String> hosts,
        Map<String, String> facts,
        String text,
        Map<String, String> files,
        List<String> outcome) {
    /** A row of the list of rows. */
    record Row(String name, String about, boolean other) {
        static List<Row> all() {
            return lines("rows.txt").values().stream()
                    .map(line -> {
                        String[] parts = line.split("\\s+", 2);
                        return new Row(parts[0], parts[1], parts[1].startsWith("[other]"));
                    })
                    .toList();
        }
    }

    static List<TableCase> read(String table) {
        List<TableCase> cases = new ArrayList<>();
        lines(table).forEach((number, line) -> cases.add(of(table + ":" + number, line)));
        return cases;
    }

    private static TableCase of(String place, String line) {
        String[] fields = line.split(" ¦ ", -1);
        if (fields.length != 4) {
            throw new IllegalArgumentException(place + " has " + fields.length + " fields: " + line);
        }
        String[] words = fields[1].strip().split(" ");
        List<String> hosts = words[0].equals("*") ? List.of("L", "A", "M", "I") : List.of(words[0].split(","));
        Map<String, String> facts = new LinkedHashMap<>();
        for (int i = 1; i < words.length; i++) {
            facts.put(words[i].split("=", 2)[0], words[i].split("=", 2)[1]);
        }
        String[] texts = fields[2].split(" @@ ");
        Map<String, String> files = new LinkedHashMap<>();
        for (int i = 1; i < texts.length; i++) {
            int colon = texts[i].indexOf(": ");
            files.put(
                    texts[i].substring(0, colon), texts[i].substring(colon + 2).translateEscapes());
        }
        return new TableCase(
                place,
                List.of(fields[0].strip().split(",")),
                hosts,
                facts,
                texts[0].strip().translateEscapes(),
                files,
                List.of(fields[3].strip().split(" && ")));
    }

    /** What makes it a case of its own. */
    String identity() {
        return hosts + " " + facts + " " + text + " " + files + " " + outcome;
    }

    /** Lines with something in them, by number. */
    private static Map<Integer, String> lines(String name) {
        try (InputStream stream = Objects.requireNonNull(TableCase.class.getResourceAsStream("table/" + name), name)) {
            List<String> all = new String(stream.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .toList();
            Map<Integer, String> lines = new LinkedHashMap<>();
            for (int i = 0; i < all.size(); i++) {
                if (!all.get(i).isBlank() && !all.get(i).startsWith("#")) {
                    lines.put(i + 1, all.get(i));
                }
            }
            return lines;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
