// SPDX-License-Identifier: Apache-2.0
package io.jlima.config.internal.edit;

import io.jlima.config.internal.yaml.Mapping;
import io.jlima.config.internal.yaml.Node;
import io.jlima.config.internal.yaml.Node.Scalar;
import io.jlima.config.internal.yaml.Node.Sequence;
import io.jlima.config.internal.yaml.YamlWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * How a value is written at a place.
 *
 * @param indentedDashes whether lists stand further right than the key they belong to
 * @param lineEnd what ends lines in this text
 */
record Rendering(boolean indentedDashes, String lineEnd) {
    /**
     * A value as two parts.
     *
     * @param head what follows the colon or dash in its line, with its blank; may be empty
     * @param rest the lines below, each begun by a line end; may be empty
     */
    record Parts(String head, String rest) {
        String all() {
            return head + rest;
        }
    }

    /** A value below a key that stands in this column. */
    Parts value(int column, Node value) {
        return cut(new Mapping().put("k", value), column);
    }

    /** A value behind a dash that stands in this column. */
    Parts item(int column, Node value) {
        return cut(new Sequence(value.mark(), List.of(value)), column);
    }

    private Parts cut(Node wrapped, int column) {
        List<String> lines = new ArrayList<>(YamlWriter.write(wrapped, indentedDashes)
                .stripTrailing()
                .lines()
                .toList());
        Node only = wrapped instanceof Mapping mapping
                ? mapping.get("k")
                : ((Sequence) wrapped).items().getFirst();
        if (keeps(only)) {
            lines = new ArrayList<>(
                    List.of(YamlWriter.write(wrapped, indentedDashes).split("\n", -1)));
            lines.removeLast();
        }
        // A list that is indented even where it is the whole document.
        int lead = lines.getFirst().length() - lines.getFirst().stripLeading().length();
        lines.replaceAll(line -> line.substring(Math.min(lead, line.length())));
        String first = lines.getFirst();
        String head = first.substring(first.startsWith("k:") ? 2 : 1);
        String indent = " ".repeat(column);
        String rest = lines.stream()
                .skip(1)
                .map(line -> lineEnd + (line.isEmpty() ? "" : indent + line))
                .collect(Collectors.joining());
        return new Parts(head, rest);
    }

    /** Whether empty lines at the end of a text belong to it. */
    private static boolean keeps(@Nullable Node value) {
        return value instanceof Scalar scalar && scalar.text().endsWith("\n\n");
    }

    /** A value in one line. */
    String inline(Node value) {
        return switch (value) {
            case Scalar scalar -> scalar.text().contains("\n") ? quoted(scalar.text()) : scalarLine(scalar);
            case Sequence sequence ->
                sequence.items().stream().map(this::inline).collect(Collectors.joining(", ", "[", "]"));
            case Mapping mapping ->
                mapping.entries().entrySet().stream()
                        .map(e -> key(e.getKey()) + ": " + inline(e.getValue()))
                        .collect(Collectors.joining(", ", "{", "}"));
        };
    }

    /** A scalar between brackets, where commas and brackets mean something. */
    private String scalarLine(Scalar scalar) {
        String line = value(0, scalar).head().strip();
        boolean plain = !line.startsWith("\"") && !line.startsWith("'");
        return plain && (line.isEmpty() || line.chars().anyMatch(c -> ",[]{}:?#&*!|>%@`".indexOf(c) >= 0))
                ? quoted(scalar.text())
                : line;
    }

    String key(String key) {
        return scalarLine(Scalar.of(key));
    }

    /** A key at the beginning of a line. */
    String blockKey(String key) {
        String line = YamlWriter.write(new Mapping().put(key, Scalar.of(0)), indentedDashes);
        return line.substring(0, line.lastIndexOf(": 0"));
    }

    /** In double quotes; what JSON allows in a string, YAML reads as JSON does. */
    static String quoted(String text) {
        StringBuilder out = new StringBuilder("\"");
        text.codePoints().forEach(c -> {
            switch (c) {
                case '"' -> out.append("\\\"");
                case '\\' -> out.append("\\\\");
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                default -> {
                    if (isPrinted(c)) {
                        out.appendCodePoint(c);
                    } else {
                        out.append(c > 0xffff ? String.format("\\U%08x", c) : String.format("\\u%04x", c));
                    }
                }
            }
        });
        return out.append('"').toString();
    }

    /** Whether a character can stand between quotes as it is: neither a control character nor a line end of any kind. */
    static boolean isPrinted(int c) {
        boolean letter = c >= 0x20 && c < 0x7f || c >= 0xa1 && c < 0xd800 || c >= 0xe000 && c < 0xfeff || c > 0xffff;
        return letter && c != 0x2028 && c != 0x2029;
    }

    /** In single quotes, which hold everything that is printed in one line. */
    static String singleQuoted(String text) {
        return "'" + text.replace("'", "''") + "'";
    }
}
