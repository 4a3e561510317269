// SPDX-License-Identifier: Apache-2.0
package io.jlima.config.internal.template;

import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The comment by which editors find the schema of a file. */
final class Modeline {
    private static final Pattern LINE = Pattern.compile("(?m)^(# yaml-language-server: \\$schema=)(\\S+)$\\R?");

    private Modeline() {}

    /** The text of a place for use elsewhere: it goes away, but its schema stays where it is. */
    static String moved(Place place) {
        Path file = switch (place) {
            case Place.Stored stored -> stored.file();
            case Place.Local local -> local.file();
            default -> null;
        };
        Path directory = file == null ? null : file.toAbsolutePath().getParent();
        if (directory == null) {
            return place.text();
        }
        return LINE.matcher(place.text()).replaceFirst(line -> {
            String schema = line.group(2);
            boolean relative = !schema.contains(":") && !schema.startsWith("/");
            String found = relative ? directory.resolve(schema).normalize().toString() : schema;
            return Matcher.quoteReplacement(line.group().replace(schema, found));
        });
    }

    /** A text that becomes part of another, which has such a line of its own if it wants one. */
    static String removed(String text) {
        return LINE.matcher(text).replaceFirst("");
    }
}
