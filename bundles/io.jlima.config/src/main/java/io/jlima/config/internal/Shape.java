// SPDX-License-Identifier: Apache-2.0
package io.jlima.config.internal;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What a value of lima.yaml may look like. */
sealed interface Shape {
    /** A single value. */
    enum Leaf implements Shape {
        /** Text; numbers and booleans are taken as the text of their value. */
        TEXT,
        /** File permissions, which are octal in every spelling. */
        OCTAL,
        BOOL,
        /** A whole number within 32 bits; a text of digits is taken too. */
        INTEGER,
        /** A whole number within 64 bits. */
        LONG,
        /** An IPv4 or IPv6 address. */
        ADDRESS,
        /** Anything at all, kept as written. */
        ANY
    }

    record ListOf(Shape item) implements Shape {}

    record MapOf(Shape value) implements Shape {}

    /**
     * A mapping with known keys.
     *
     * @param bareKey the key that a single text in place of the mapping stands for; null when it may not
     * @param open true when other keys are nobody's mistake
     */
    record Struct(Map<String, Field> fields, @Nullable String bareKey, boolean open) implements Shape {
        Struct with(String key, Shape shape, Merge merge) {
            Map<String, Field> more = new LinkedHashMap<>(fields);
            more.put(key, new Field(shape, merge, false));
            return new Struct(more, bareKey, open);
        }

        Struct with(String key, Shape shape) {
            return with(key, shape, Merge.SCALAR);
        }

        /** A key of older versions: read, but not offered to those who mistype another. */
        Struct withOld(String key, Shape shape) {
            Map<String, Field> more = new LinkedHashMap<>(fields);
            more.put(key, new Field(shape, Merge.INSTANCE_ONLY, true));
            return new Struct(more, bareKey, open);
        }

        Struct text(String... keys) {
            return each(Leaf.TEXT, keys);
        }

        Struct bool(String... keys) {
            return each(Leaf.BOOL, keys);
        }

        Struct integer(String... keys) {
            return each(Leaf.INTEGER, keys);
        }

        private Struct each(Shape shape, String... keys) {
            Struct result = this;
            for (String key : keys) {
                result = result.with(key, shape);
            }
            return result;
        }
    }

    /** @param old true for keys that only older versions knew */
    record Field(Shape shape, Merge merge, boolean old) {}

    /** How the values of default.yaml, lima.yaml and override.yaml become one. */
    enum Merge {
        /** The highest value that is set; mappings leaf by leaf. */
        SCALAR,
        /** All items, the highest first. */
        CONCATENATE,
        /** By key, the highest wins; not deeper. */
        MAP,
        /** The highest list that is not empty. */
        PICK,
        /** All items, the lowest first, each once. */
        UNIQUE,
        /** Only lima.yaml counts. */
        INSTANCE_ONLY,
        /** By mount point. */
        MOUNTS,
        /** By interface. */
        NETWORKS
    }

    static Struct struct() {
        return new Struct(Map.of(), null, false);
    }

    /** A struct that may be written as a single text. */
    static Struct bare(String key) {
        return new Struct(Map.of(), key, false);
    }

    /** A struct with further keys that belong to somebody else. */
    static Struct open() {
        return new Struct(Map.of(), null, true);
    }
}
