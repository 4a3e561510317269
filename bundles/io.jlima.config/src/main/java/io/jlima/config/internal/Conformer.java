// SPDX-License-Identifier: Apache-2.0
package io.jlima.config.internal;

import io.jlima.config.internal.Shape.Leaf;
import io.jlima.config.internal.Shape.ListOf;
import io.jlima.config.internal.Shape.MapOf;
import io.jlima.config.internal.Shape.Struct;
import io.jlima.config.internal.yaml.Findings;
import io.jlima.config.internal.yaml.Mapping;
import io.jlima.config.internal.yaml.Node;
import io.jlima.config.internal.yaml.Node.Kind;
import io.jlima.config.internal.yaml.Node.Scalar;
import io.jlima.config.internal.yaml.Node.Sequence;
import io.jlima.config.internal.yaml.Words;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Brings a document into the shape of lima.yaml: known keys with values of the right kind, nulls and unknown keys left
 * out. What cannot be brought into it is an error; an unknown key is a warning.
 */
final class Conformer {
    private static final Pattern DIGITS = Pattern.compile("[-+]?[0-9]{1,20}");

    private final Findings findings;

    Conformer(Findings findings) {
        this.findings = findings;
    }

    /** A copy of the whole document that can be changed freely. */
    Mapping conform(Mapping document) {
        return struct(document, Schema.LIMA_YAML, "");
    }

    private Optional<Node> conform(Node node, Shape shape, String path) {
        return switch (shape) {
            case Leaf leaf -> leaf(node, leaf, path);
            case ListOf list -> list(node, list, path);
            case MapOf map -> map(node, map, path);
            case Struct struct -> structOrBare(node, struct, path);
        };
    }

    private Mapping struct(Mapping mapping, Struct struct, String path) {
        Mapping result = new Mapping(mapping.mark());
        mapping.entries().forEach((key, value) -> {
            Shape.Field field = struct.fields().get(key);
            if (field == null && !struct.open()) {
                unknown(mapping, key, struct, path);
            } else if (value.isNull()) {
                result.addKey(key, mapping.keyMark(key));
            } else {
                Shape shape = field == null ? Leaf.ANY : field.shape();
                conform(value, shape, path.isEmpty() ? key : path + "." + key)
                        .ifPresentOrElse(v -> result.put(key, mapping.keyMark(key), v), () -> result.addFaulty(key));
            }
        });
        return result;
    }

    private void unknown(Mapping mapping, String key, Struct struct, String path) {
        List<String> known = struct.fields().entrySet().stream()
                .filter(e -> !e.getValue().old())
                .map(Map.Entry::getKey)
                .toList();
        String place = path.isEmpty() ? "" : " in " + path;
        String meant = findings.hasManyWarnings()
                ? ""
                : Words.nearest(key, known)
                        .map(k -> "; did you mean \"" + k + "\"?")
                        .orElse("");
        findings.warn(mapping.keyMark(key), "unknown key \"" + key + "\"" + place + " is ignored" + meant);
    }

    private Optional<Node> structOrBare(Node node, Struct struct, String path) {
        if (node instanceof Mapping mapping) {
            return Optional.of(struct(mapping, struct, path));
        }
        String bareKey = struct.bareKey();
        if (bareKey != null && node instanceof Scalar) {
            return leaf(node, Leaf.TEXT, path).map(text -> new Mapping(node.mark()).put(bareKey, node.mark(), text));
        }
        String keys = String.join(
                ", ",
                struct.fields().keySet().stream().limit(4).map(k -> k + ":").toList());
        return wrong(
                node, path, "a mapping", struct.fields().isEmpty() ? "write key: value" : "with keys like " + keys);
    }

    private Optional<Node> list(Node node, ListOf list, String path) {
        List<Node> items;
        if (node instanceof Sequence sequence) {
            items = sequence.items();
        } else if (path.equals("base")) {
            // A single base needs no list.
            items = List.of(node);
        } else {
            return wrong(node, path, "a list", "begin each item with \"- \", or write [] for none");
        }
        List<Node> result = new ArrayList<>();
        boolean allUsable = true;
        for (int i = 0; i < items.size(); i++) {
            Node item = items.get(i);
            String itemPath = path + "[" + i + "]";
            if (item.isNull()) {
                findings.error(item.mark(), itemPath + " is empty", "write a value after the dash, or remove it");
                allUsable = false;
                continue;
            }
            Optional<Node> conformed = conform(item, list.item(), itemPath);
            conformed.ifPresent(result::add);
            allUsable &= conformed.isPresent();
        }
        return result.isEmpty() && !allUsable ? Optional.empty() : Optional.of(new Sequence(node.mark(), result));
    }

    private Optional<Node> map(Node node, MapOf map, String path) {
        if (!(node instanceof Mapping mapping)) {
            return wrong(node, path, "a mapping", "write lines like \"name: value\", or {} for none");
        }
        Mapping result = new Mapping(mapping.mark());
        mapping.entries().forEach((key, value) -> {
            if (!value.isNull()) {
                conform(value, map.value(), path + "." + key)
                        .ifPresentOrElse(v -> result.put(key, mapping.keyMark(key), v), () -> result.addFaulty(key));
            } else if (path.equals("env") || path.equals("param")) {
                // A variable without a value exists and is empty.
                result.put(key, mapping.keyMark(key), new Scalar(value.mark(), Kind.TEXT, "", ""));
            }
        });
        return Optional.of(result);
    }

    private Optional<Node> leaf(Node node, Leaf leaf, String path) {
        if (leaf == Leaf.ANY) {
            return Optional.of(copy(node));
        }
        if (!(node instanceof Scalar scalar)) {
            return wrong(node, path, "a single value", "remove the brackets or the indented lines");
        }
        return switch (leaf) {
            case TEXT -> Optional.of(text(scalar, path));
            case OCTAL -> Optional.of(octal(scalar));
            case BOOL -> bool(scalar, path);
            case INTEGER -> integer(scalar, path, Integer.MIN_VALUE, Integer.MAX_VALUE);
            case LONG -> integer(scalar, path, Long.MIN_VALUE, Long.MAX_VALUE);
            case ADDRESS -> address(scalar, path);
            case ANY -> throw new IllegalStateException("handled above");
        };
    }

    private Scalar text(Scalar scalar, String path) {
        if (scalar.kind() != Kind.TEXT && !scalar.text().equals(scalar.written())) {
            findings.warn(
                    scalar.mark(),
                    path + ": " + scalar.written() + " is " + scalar.kind().words() + " and becomes the text \""
                            + scalar.text() + "\"; put it in quotes to keep it as written");
        }
        return scalar.withText(scalar.text());
    }

    /** Digits as they stand there: whoever writes 0644 or 0o644 means the mode 644 and not the number 420. */
    private static Scalar octal(Scalar scalar) {
        boolean marked = scalar.kind() == Kind.INT && scalar.written().startsWith("0o");
        return scalar.withText(marked ? scalar.written().substring(2) : scalar.written());
    }

    private Optional<Node> bool(Scalar scalar, String path) {
        return scalar.kind() == Kind.BOOL
                ? Optional.of(scalar)
                : wrong(scalar, path, "true or false", boolHint(scalar));
    }

    private static String boolHint(Scalar scalar) {
        return switch (scalar.written().toLowerCase(java.util.Locale.ROOT)) {
            case "yes", "on", "y", "1" -> "write true";
            case "no", "off", "n", "0" -> "write false";
            default -> "write true or false, without quotes";
        };
    }

    private Optional<Node> integer(Scalar scalar, String path, long least, long most) {
        String text = scalar.text().strip();
        if (scalar.kind() == Kind.BOOL || !DIGITS.matcher(text).matches()) {
            String right = scalar.kind() == Kind.FLOAT ? "remove the fraction" : "write digits only";
            return wrong(scalar, path, "a whole number", right);
        }
        BigInteger value = new BigInteger(text);
        if (value.compareTo(BigInteger.valueOf(least)) < 0 || value.compareTo(BigInteger.valueOf(most)) > 0) {
            return wrong(scalar, path, "a number from " + least + " to " + most, "write a smaller number");
        }
        if (scalar.kind() == Kind.INT && scalar.written().matches("[-+]?0[0-7]+")) {
            findings.warn(
                    scalar.mark(),
                    path + ": " + scalar.written() + " begins with a zero and is the octal number " + value
                            + "; remove the zero, or write it as " + value);
        }
        return Optional.of(new Scalar(scalar.mark(), Kind.INT, value.toString(), scalar.written()));
    }

    private Optional<Node> address(Scalar scalar, String path) {
        return Addresses.canonical(scalar.text())
                .<Optional<Node>>map(a -> Optional.of(scalar.withText(a)))
                .orElseGet(() -> wrong(scalar, path, "an IP address", "write one like 127.0.0.1 or ::1"));
    }

    private Optional<Node> wrong(Node node, String path, String expected, String right) {
        findings.error(node.mark(), path + " must be " + expected + ", not " + node.described(), right);
        return Optional.empty();
    }

    /** A copy without what aliases share, so that one place can be changed without another. */
    private static Node copy(Node node) {
        return switch (node) {
            case Scalar scalar -> scalar;
            case Sequence sequence ->
                new Sequence(
                        sequence.mark(),
                        new ArrayList<>(
                                sequence.items().stream().map(Conformer::copy).toList()));
            case Mapping mapping -> {
                Mapping result = new Mapping(mapping.mark());
                mapping.entries().forEach((key, value) -> result.put(key, mapping.keyMark(key), copy(value)));
                yield result;
            }
        };
    }
}
