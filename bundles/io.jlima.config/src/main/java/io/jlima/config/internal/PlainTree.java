// SPDX-License-Identifier: Apache-2.0
package io.jlima.config.internal;

import io.jlima.config.internal.yaml.Mapping;
import io.jlima.config.internal.yaml.Node;
import io.jlima.config.internal.yaml.Node.Scalar;
import io.jlima.config.internal.yaml.Node.Sequence;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/** A tree of maps, lists, strings, numbers and booleans, without places; unmodifiable, nulls left out. */
final class PlainTree {
    private PlainTree() {}

    static Map<String, Object> of(Mapping mapping) {
        Map<String, Object> plain = new LinkedHashMap<>();
        mapping.entries().forEach((key, value) -> {
            if (!value.isNull()) {
                plain.put(key, of(value));
            }
        });
        return Collections.unmodifiableMap(plain);
    }

    private static Object of(Node node) {
        return switch (node) {
            case Mapping mapping -> of(mapping);
            case Sequence sequence ->
                sequence.items().stream()
                        .filter(item -> !item.isNull())
                        .map(PlainTree::of)
                        .toList();
            case Scalar scalar -> of(scalar);
        };
    }

    private static Object of(Scalar scalar) {
        return switch (scalar.kind()) {
            case BOOL -> Boolean.valueOf(scalar.text());
            case INT -> integer(new BigInteger(scalar.text()));
            case FLOAT -> decimal(scalar.text());
            case TEXT, NULL -> scalar.text();
        };
    }

    private static Number integer(BigInteger value) {
        if (value.bitLength() < Integer.SIZE) {
            return value.intValueExact();
        }
        return value.bitLength() < Long.SIZE ? (Number) value.longValueExact() : value;
    }

    private static Object decimal(String text) {
        try {
            return new BigDecimal(text).doubleValue();
        } catch (NumberFormatException e) {
            // Infinity and not-a-number have no plain form that JSON knows.
            return text;
        }
    }
}
