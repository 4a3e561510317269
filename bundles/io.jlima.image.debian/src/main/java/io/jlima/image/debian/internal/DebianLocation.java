// SPDX-License-Identifier: Apache-2.0
package io.jlima.image.debian.internal;

import io.jlima.api.LimaException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * What {@code debian:SUITE[?include=PACKAGE,…&variant=WORD]} asks for. Every part ends up on a command line or in a
 * file of apt, so nothing but the characters that Debian itself allows gets through.
 *
 * @param suite release or code name
 * @param include further packages, sorted, each once
 * @param variant mmdebstrap's word for the set of packages to start from
 */
record DebianLocation(String suite, List<String> include, String variant) {
    private static final String SCHEME = "debian:";
    private static final String DEFAULT_VARIANT = "minbase";
    private static final String FORM = "Write debian:SUITE, debian:SUITE?include=PACKAGE,PACKAGE or"
            + " debian:SUITE?variant=WORD, for example debian:bookworm?include=git,make";
    private static final Pattern SUITE = Pattern.compile("[a-z][a-z0-9.-]{0,62}");
    // Debian policy manual, section 5.6.1, without a final dash, which apt takes as a wish to remove.
    private static final Pattern PACKAGE = Pattern.compile("[a-z0-9][a-z0-9+.-]{0,126}[a-z0-9+.]");
    // Those of mmdebstrap(1), section VARIANTS, from which a system with apt and systemd results.
    private static final Set<String> VARIANTS =
            Set.of("apt", "minbase", "buildd", "required", "important", "standard", "debootstrap", "-");

    /** @throws LimaException when the text is not of this form */
    static DebianLocation parse(String location) {
        if (!location.startsWith(SCHEME)) {
            throw refused(location, "it does not start with " + SCHEME);
        }
        String rest = location.substring(SCHEME.length());
        int mark = rest.indexOf('?');
        String suite = mark < 0 ? rest : rest.substring(0, mark);
        if (!SUITE.matcher(suite).matches()) {
            throw refused(location, "\"" + suite + "\" is no name of a Debian release");
        }
        TreeSet<String> include = new TreeSet<>();
        String variant = DEFAULT_VARIANT;
        Set<String> seen = new HashSet<>();
        for (String pair : mark < 0 ? new String[0] : rest.substring(mark + 1).split("&", -1)) {
            int equals = pair.indexOf('=');
            String key = equals < 0 ? pair : pair.substring(0, equals);
            String value = equals < 0 ? "" : pair.substring(equals + 1);
            if (!seen.add(key)) {
                throw refused(location, "\"" + key + "\" is given twice");
            }
            switch (key) {
                case "include" -> {
                    for (String name : value.split(",", -1)) {
                        if (!PACKAGE.matcher(name).matches()) {
                            throw refused(location, "\"" + name + "\" is no name of a Debian package");
                        }
                        include.add(name);
                    }
                }
                case "variant" -> {
                    if (!VARIANTS.contains(value)) {
                        throw refused(
                                location,
                                "variant is \"" + value + "\" and can be "
                                        + String.join(", ", new TreeSet<>(VARIANTS)));
                    }
                    variant = value;
                }
                default -> throw refused(location, "\"" + key + "\" is unknown; include and variant are known");
            }
        }
        return new DebianLocation(suite, List.copyOf(include), variant);
    }

    /** The shortest text that means the same. */
    @Override
    public String toString() {
        List<String> query = new ArrayList<>();
        if (!include.isEmpty()) {
            query.add("include=" + String.join(",", include));
        }
        if (!variant.equals(DEFAULT_VARIANT)) {
            query.add("variant=" + variant);
        }
        return SCHEME + suite + (query.isEmpty() ? "" : "?" + String.join("&", query));
    }

    private static LimaException refused(String location, String reason) {
        return new LimaException("The image location " + location + " cannot be used", reason, FORM, null);
    }
}
