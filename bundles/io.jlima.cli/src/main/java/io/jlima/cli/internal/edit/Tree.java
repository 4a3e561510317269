// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.edit;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A lima.yaml as it stands in the text, open for changes. Keys of a path are separated by dots. */
final class Tree {
    private Map<String, @Nullable Object> root;

    Tree(Map<String, @Nullable Object> root) {
        this.root = root;
    }

    Map<String, @Nullable Object> root() {
        return root;
    }

    void replace(Map<String, @Nullable Object> other) {
        root = other;
    }

    void put(String path, @Nullable Object value) {
        String[] keys = path.split("\\.");
        Map<String, @Nullable Object> at = root;
        for (int i = 0; i < keys.length - 1; i++) {
            at = child(at, keys[i]);
        }
        at.put(keys[keys.length - 1], value);
    }

    /** The mapping below a key, made where there is none. */
    private static Map<String, @Nullable Object> child(Map<String, @Nullable Object> parent, String key) {
        Map<String, @Nullable Object> child =
                parent.get(key) instanceof Map<?, ?> map ? copy(map) : new LinkedHashMap<>();
        parent.put(key, child);
        return child;
    }

    private static Map<String, @Nullable Object> copy(Map<?, ?> map) {
        Map<String, @Nullable Object> copy = new LinkedHashMap<>();
        map.forEach((key, value) -> copy.put(String.valueOf(key), value));
        return copy;
    }

    /** The items of a top-level list, in a list of their own; none where there is no list. */
    List<@Nullable Object> items(String key) {
        return root.get(key) instanceof List<?> list ? new ArrayList<>(list) : new ArrayList<>();
    }

    /** The mapping at a top-level key; empty where there is none. */
    Map<String, @Nullable Object> mapping(String key) {
        return root.get(key) instanceof Map<?, ?> map ? copy(map) : new LinkedHashMap<>();
    }

    /** A mapping among the items of a list, open for changes, in whose place it is put. */
    static Map<String, @Nullable Object> open(List<@Nullable Object> items, int index) {
        Map<String, @Nullable Object> item =
                items.get(index) instanceof Map<?, ?> map ? copy(map) : new LinkedHashMap<>();
        items.set(index, item);
        return item;
    }
}
