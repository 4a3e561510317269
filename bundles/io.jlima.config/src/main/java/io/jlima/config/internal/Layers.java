// SPDX-License-Identifier: Apache-2.0
package io.jlima.config.internal;

import io.jlima.config.internal.Shape.Field;
import io.jlima.config.internal.Shape.Struct;
import io.jlima.config.internal.yaml.Mapping;
import io.jlima.config.internal.yaml.Mark;
import io.jlima.config.internal.yaml.Node;
import io.jlima.config.internal.yaml.Node.Scalar;
import io.jlima.config.internal.yaml.Node.Sequence;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The three files that make one configuration, each already in shape.
 *
 * @param lower {@code _config/default.yaml}, empty when there is none
 * @param instance the lima.yaml itself
 * @param upper {@code _config/override.yaml}, empty when there is none
 */
record Layers(Mapping lower, Mapping instance, Mapping upper) {
    /** One document with the keys in the order of the schema, but without mounts and networks. */
    Mapping merged() {
        return merge(Schema.LIMA_YAML, lower, instance, upper);
    }

    /** The items of a list of mappings, the lowest layer first. */
    List<Mapping> rising(String key) {
        return Stream.of(lower, instance, upper)
                .flatMap(layer -> layer.mappings(key).stream())
                .toList();
    }

    private static Mapping merge(Struct struct, Mapping lower, Mapping instance, Mapping upper) {
        Mapping result = new Mapping(instance.mark());
        struct.fields().forEach((key, field) -> {
            if (lower.isFaulty(key) || instance.isFaulty(key) || upper.isFaulty(key)) {
                result.addFaulty(key);
            }
            value(key, field, lower, instance, upper).ifPresent(v -> result.put(key, keyMark(key, instance, v), v));
        });
        return result;
    }

    private static Optional<Node> value(String key, Field field, Mapping lower, Mapping instance, Mapping upper) {
        Node low = lower.get(key);
        Node own = instance.get(key);
        Node high = upper.get(key);
        return switch (field.merge()) {
            case SCALAR -> {
                if (field.shape() instanceof Struct struct) {
                    Mapping merged = merge(struct, mapping(low), mapping(own), mapping(high));
                    yield Stream.of(low, own, high).allMatch(Objects::isNull) ? Optional.empty() : Optional.of(merged);
                }
                yield first(high, own, low);
            }
            case CONCATENATE -> concatenated(false, high, own, low);
            case UNIQUE -> concatenated(true, low, own, high);
            case PICK -> first(filled(high), filled(own), filled(low));
            case MAP -> overlaid(low, own, high);
            case INSTANCE_ONLY -> Optional.ofNullable(own);
            case MOUNTS, NETWORKS -> Optional.empty();
        };
    }

    private static Optional<Node> first(@Nullable Node... nodes) {
        for (Node node : nodes) {
            if (node != null) {
                return Optional.of(node);
            }
        }
        return Optional.empty();
    }

    private static @Nullable Node filled(@Nullable Node node) {
        return node instanceof Sequence sequence && sequence.items().isEmpty() ? null : node;
    }

    private static Optional<Node> concatenated(boolean unique, @Nullable Node... lists) {
        List<Node> items = new ArrayList<>();
        Set<String> texts = new HashSet<>();
        Node first = null;
        for (Node list : lists) {
            if (list instanceof Sequence sequence) {
                first = first == null ? sequence : first;
                sequence.items().stream()
                        .filter(item -> !unique || !(item instanceof Scalar scalar) || texts.add(scalar.text()))
                        .forEach(items::add);
            }
        }
        return first == null ? Optional.empty() : Optional.of(new Sequence(first.mark(), items));
    }

    private static Optional<Node> overlaid(@Nullable Node... rising) {
        Mapping result = null;
        for (Node node : rising) {
            if (node instanceof Mapping mapping) {
                Mapping target = result == null ? new Mapping(mapping.mark()) : result;
                mapping.entries().forEach((key, value) -> target.put(key, mapping.keyMark(key), value));
                result = target;
            }
        }
        return Optional.ofNullable(result);
    }

    private static Mapping mapping(@Nullable Node node) {
        return node instanceof Mapping mapping ? mapping : new Mapping();
    }

    private static Mark keyMark(String key, Mapping instance, Node value) {
        return instance.has(key) ? instance.keyMark(key) : value.mark();
    }
}
