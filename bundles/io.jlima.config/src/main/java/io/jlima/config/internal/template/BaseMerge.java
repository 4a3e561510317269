// SPDX-License-Identifier: Apache-2.0
package io.jlima.config.internal.template;

import io.jlima.config.internal.LimaVersion;
import io.jlima.config.internal.yaml.Mapping;
import io.jlima.config.internal.yaml.Node;
import io.jlima.config.internal.yaml.Node.Scalar;
import io.jlima.config.internal.yaml.Node.Sequence;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/** How a base is merged into a template: the template wins. An explicit null counts as given. */
final class BaseMerge {
    /** Lists in which the base's items come first: what is set up earlier is what others build on. */
    private static final Set<String> BASE_FIRST = Set.of("provision", "probes");

    private static final Set<String> VERSIONS = Set.of("minimumLimaVersion", "vmOpts.qemu.minimumVersion");

    private BaseMerge() {}

    static void merge(Mapping template, Mapping base) {
        merge(template, base, "");
    }

    private static void merge(Mapping template, Mapping base, String path) {
        base.entries().forEach((key, value) -> {
            String name = path.isEmpty() ? key : path + "." + key;
            Node own = template.get(key);
            if (own == null) {
                template.put(key, base.keyMark(key), value);
            } else if (own instanceof Mapping into && value instanceof Mapping from) {
                merge(into, from, name);
            } else if (own instanceof Sequence into && value instanceof Sequence from) {
                template.put(key, list(name, into, from));
            } else if (VERSIONS.contains(name) && isHigher(value, own)) {
                template.put(key, value);
            }
        });
    }

    private static Sequence list(String name, Sequence own, Sequence base) {
        if (name.equals("dns") && !own.items().isEmpty()) {
            return own;
        }
        boolean baseFirst = BASE_FIRST.contains(name);
        List<Node> items = new ArrayList<>(baseFirst ? base.items() : own.items());
        items.addAll(baseFirst ? own.items() : base.items());
        if (name.equals("mountTypesUnsupported")) {
            Set<String> words = new HashSet<>();
            items.removeIf(item -> item instanceof Scalar scalar && !words.add(scalar.text()));
        }
        return own.withItems(items);
    }

    private static boolean isHigher(Node value, Node own) {
        return value instanceof Scalar theirs
                && own instanceof Scalar mine
                && LimaVersion.parse(theirs.text())
                        .flatMap(t -> LimaVersion.parse(mine.text()).map(m -> t.compareTo(m) > 0))
                        .orElse(false);
    }

    /** After all bases: entries of one key become one, of which the earlier wins. */
    static void combine(Mapping template) {
        combine(template, "additionalDisks", "name", "name");
        combine(template, "mounts", "mountPoint", "location");
        combine(template, "networks", "interface", "interface");
    }

    private static void combine(Mapping template, String list, String key, String otherKey) {
        if (!(template.get(list) instanceof Sequence sequence)) {
            return;
        }
        List<Node> kept = new ArrayList<>();
        Map<String, Mapping> byId = new HashMap<>();
        for (Node item : sequence.items()) {
            Mapping entry = item instanceof Mapping mapping ? mapping : new Mapping(item.mark()).put(key, item);
            String id = id(entry, key, otherKey);
            if ("*".equals(id)) {
                kept.forEach(earlier -> fill(list, (Mapping) earlier, entry, key, otherKey));
                continue;
            }
            Mapping earlier = id.isEmpty() ? null : byId.putIfAbsent(id, entry);
            if (earlier == null) {
                kept.add(entry);
            } else {
                fill(list, earlier, entry, key, otherKey);
            }
        }
        template.put(list, sequence.withItems(kept));
    }

    private static String id(Mapping entry, String key, String otherKey) {
        String id = entry.text(key);
        return Objects.requireNonNullElse(id != null ? id : entry.text(otherKey), "");
    }

    private static void fill(String list, Mapping earlier, Mapping later, String key, String otherKey) {
        boolean connected = earlier.has("lima") || earlier.has("socket");
        later.entries().forEach((name, value) -> {
            Node own = earlier.get(name);
            boolean identity = name.equals(key) || name.equals(otherKey);
            boolean connection = list.equals("networks") && (name.equals("lima") || name.equals("socket"));
            if (own instanceof Mapping into && value instanceof Mapping from) {
                from.entries().forEach((leaf, v) -> {
                    if (!into.has(leaf)) {
                        into.put(leaf, v);
                    }
                });
            } else if (own == null && !(identity && isWildcard(value)) && !(connection && connected)) {
                earlier.put(name, value);
            }
        });
    }

    private static boolean isWildcard(Node value) {
        return value instanceof Scalar scalar && scalar.text().equals("*");
    }
}
