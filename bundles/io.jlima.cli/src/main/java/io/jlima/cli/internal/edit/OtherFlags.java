// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.edit;

import io.jlima.api.LimaException;
import io.jlima.cli.internal.edit.EditFlag.Values;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What flags do that need more than a line. */
final class OtherFlags {
    private OtherFlags() {}

    static void param(Tree tree, Values values) {
        Map<String, @Nullable Object> params = tree.mapping("param");
        for (String value : values.all()) {
            int equals = value.indexOf('=');
            if (equals <= 0) {
                throw new LimaException("\"" + value + "\" sets no parameter", "write --param KEY=VALUE");
            }
            String key = value.substring(0, equals);
            if (!params.containsKey(key)) {
                throw new LimaException(
                        "the template has no parameter \"" + key + "\"",
                        params.isEmpty() ? "it has none at all" : "it has: " + String.join(", ", params.keySet()));
            }
            params.put(key, value.substring(equals + 1));
        }
        tree.put("param", params);
    }

    /** Keeps the images of which a field has the value. */
    static void keepImages(Tree tree, Values values, String field) {
        String wanted = values.last();
        if (wanted.isEmpty()) {
            throw new LimaException("--" + values.flag() + " needs a name");
        }
        List<@Nullable Object> images = tree.items("images");
        List<@Nullable Object> kept = images.stream()
                .filter(i -> i instanceof Map<?, ?> image && wanted.equals(image.get(field)))
                .toList();
        if (kept.isEmpty()) {
            List<String> there = images.stream()
                    .filter(Map.class::isInstance)
                    .map(i -> String.valueOf(((Map<?, ?>) i).get(field)))
                    .filter(v -> !v.equals("null"))
                    .distinct()
                    .toList();
            throw new LimaException(
                    "no image has the " + field + " \"" + wanted + "\"",
                    there.isEmpty()
                            ? "the images of this template have none"
                            : "there are: " + String.join(", ", there));
        }
        tree.put("images", kept);
    }

    static void containerd(Tree tree, Values values) {
        if (values.invocation().has("plain") && !values.last().equals("none")) {
            throw new LimaException(
                    "--plain has no containerd, so it goes with no other --containerd than none",
                    "leave one of the flags out");
        }
        Set<String> modes = Set.of(values.last().split("\\+", -1));
        boolean user = modes.contains("user");
        boolean system = modes.contains("system");
        if (!modes.equals(Set.of("none")) && modes.size() != (user ? 1 : 0) + (system ? 1 : 0)) {
            throw Numbers.invalid(values, "it is one of user, system, user+system, none");
        }
        tree.put("containerd.user", user);
        tree.put("containerd.system", system);
    }
}
