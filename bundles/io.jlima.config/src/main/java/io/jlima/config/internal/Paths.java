// SPDX-License-Identifier: Apache-2.0
package io.jlima.config.internal;

import io.jlima.config.internal.yaml.Mapping;
import io.jlima.config.internal.yaml.Node.Scalar;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;

/** Paths as lima.yaml writes them. They are text: those of a guest need not be paths of this host. */
final class Paths {
    private Paths() {}

    /** Puts the home directory in place of a leading tilde. */
    static void expandHome(Mapping section, String key, Path home) {
        if (section.get(key) instanceof Scalar scalar) {
            section.put(key, scalar.withText(expandHome(scalar.text(), home)));
        }
    }

    /** The home directory in place of a leading tilde; another user's home stays as it is. */
    static String expandHome(String path, Path home) {
        if (path.equals("~")) {
            return home.toString();
        }
        return path.startsWith("~/") ? clean(home + path.substring(1)) : path;
    }

    /** Without empty, {@code .} and {@code ..} parts and without a final slash; empty becomes a dot. */
    static String clean(String path) {
        boolean absolute = isAbsolute(path);
        Deque<String> parts = new ArrayDeque<>();
        for (String part : path.split("/")) {
            if (!part.equals("..")) {
                if (!part.isEmpty() && !part.equals(".")) {
                    parts.addLast(part);
                }
            } else if (!parts.isEmpty() && !parts.getLast().equals("..")) {
                parts.removeLast();
            } else if (!absolute) {
                parts.addLast(part);
            }
        }
        String cleaned = (absolute ? "/" : "") + String.join("/", parts);
        return cleaned.isEmpty() ? "." : cleaned;
    }

    static boolean isAbsolute(String path) {
        return path.startsWith("/");
    }
}
