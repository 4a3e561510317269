// SPDX-License-Identifier: Apache-2.0
package io.jlima.config.internal.edit;

import io.jlima.config.internal.yaml.Mapping;
import io.jlima.config.internal.yaml.Mark;
import io.jlima.config.internal.yaml.Node;
import io.jlima.config.internal.yaml.Node.Kind;
import io.jlima.config.internal.yaml.Node.Scalar;
import io.jlima.config.internal.yaml.Node.Sequence;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Nodes as trees of plain values and back, nulls included. */
public final class PlainTrees {
    private PlainTrees() {}

    /** A tree that its owner may change. */
    public static Map<String, @Nullable Object> of(Mapping mapping) {
        Map<String, @Nullable Object> map = new LinkedHashMap<>();
        mapping.entries().forEach((key, value) -> map.put(key, of(value)));
        return map;
    }

    private static @Nullable Object of(Node node) {
        return switch (node) {
            case Mapping mapping -> of(mapping);
            case Sequence sequence -> {
                List<@Nullable Object> list = new ArrayList<>();
                sequence.items().forEach(item -> list.add(of(item)));
                yield list;
            }
            case Scalar scalar ->
                switch (scalar.kind()) {
                    case NULL -> null;
                    case BOOL -> Boolean.valueOf(scalar.text());
                    case INT -> integer(new BigInteger(scalar.text()));
                    case FLOAT -> decimal(scalar.text());
                    case TEXT -> scalar.text();
                };
        };
    }

    private static Number integer(BigInteger value) {
        if (value.bitLength() < Integer.SIZE) {
            return value.intValueExact();
        }
        return value.bitLength() < Long.SIZE ? (Number) value.longValueExact() : value;
    }

    private static Double decimal(String text) {
        try {
            return Double.valueOf(text);
        } catch (NumberFormatException e) {
            // As YAML writes what has no digits.
            return text.toLowerCase(Locale.ROOT).contains("nan")
                    ? Double.NaN
                    : text.startsWith("-") ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY;
        }
    }

    public static Mapping mapping(Map<?, ?> map) {
        Mapping mapping = new Mapping();
        map.forEach((key, value) -> mapping.put(String.valueOf(key), node(value)));
        return mapping;
    }

    /** A value of any kind. */
    public static Node node(@Nullable Object value) {
        return switch (value) {
            case null -> new Scalar(Mark.BUILT_IN, Kind.NULL, "null", "null");
            case Map<?, ?> map -> mapping(map);
            case List<?> list -> {
                List<Node> items = new ArrayList<>();
                list.forEach(item -> items.add(node(item)));
                yield new Sequence(Mark.BUILT_IN, items);
            }
            case Boolean flag -> Scalar.of(flag);
            case Integer number -> Scalar.of(number);
            case Long number -> Scalar.of(number);
            case BigInteger number -> new Scalar(Mark.BUILT_IN, Kind.INT, number.toString(), number.toString());
            case Number number -> decimal(number.doubleValue());
            default -> Scalar.of(value.toString());
        };
    }

    private static Scalar decimal(double value) {
        String text = Double.isNaN(value)
                ? ".nan"
                : Double.isInfinite(value)
                        ? value > 0 ? ".inf" : "-.inf"
                        : BigDecimal.valueOf(value).stripTrailingZeros().toPlainString();
        return new Scalar(Mark.BUILT_IN, Kind.FLOAT, text, text);
    }

    /** Whether both are the same value, however it is written, and in whatever order keys stand. */
    public static boolean equal(@Nullable Node a, @Nullable Node b) {
        return switch (a) {
            case Scalar x when b instanceof Scalar y -> equalScalars(x, y);
            case Sequence x
            when b instanceof Sequence y -> {
                boolean equal = x.items().size() == y.items().size();
                for (int i = 0; equal && i < x.items().size(); i++) {
                    equal = equal(x.items().get(i), y.items().get(i));
                }
                yield equal;
            }
            case Mapping x
            when b instanceof Mapping y ->
                x.entries().keySet().equals(y.entries().keySet())
                        && x.entries().keySet().stream().allMatch(key -> equal(x.get(key), y.get(key)));
            case null -> b == null;
            default -> false;
        };
    }

    private static boolean equalScalars(Scalar a, Scalar b) {
        boolean numbers = isNumber(a) && isNumber(b);
        return a.isNull() && b.isNull()
                || (a.kind() == b.kind() || numbers) && (a.text().equals(b.text()) || numbers && sameNumber(a, b));
    }

    private static boolean isNumber(Scalar scalar) {
        return scalar.kind() == Kind.INT || scalar.kind() == Kind.FLOAT;
    }

    /** Whole numbers are the same when their digits are, whatever their size; others when they round to the same. */
    private static boolean sameNumber(Scalar a, Scalar b) {
        return (a.kind() == Kind.FLOAT || b.kind() == Kind.FLOAT)
                && decimal(a.text()).equals(decimal(b.text()));
    }
}
