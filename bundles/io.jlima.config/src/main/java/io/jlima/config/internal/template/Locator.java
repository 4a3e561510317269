// SPDX-License-Identifier: Apache-2.0
package io.jlima.config.internal.template;

import io.jlima.api.LimaException;
import io.jlima.api.config.ConfigReader.TemplateSearch;
import io.jlima.config.internal.Identifier;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Where the text of a template is.
 *
 * @param name its name in the store; null for a file of the user
 * @param note a line for the user about the way it was written; null for none
 */
record Locator(Path file, @Nullable String name, @Nullable String note) {
    /** Two letters at least: one alone is a drive. */
    private static final Pattern SCHEME = Pattern.compile("[A-Za-z][A-Za-z0-9+.-]+:.*", Pattern.DOTALL);

    private static final Pattern IMAGE =
            Pattern.compile(".*\\.(?:img|qcow2|raw|iso|ipsw)(?:\\.(?:gz|xz|bz2|zstd))?", Pattern.CASE_INSENSITIVE);

    private static final String WORKS = "use template:NAME, or the path of a local file";

    /** What a user wrote on the command line. */
    static Locator of(String text, TemplateSearch search) {
        return of(text, search, null);
    }

    /** What stands in a template: a relative locator belongs to the place of that template. */
    static Locator within(Locator parent, String text, TemplateSearch search) {
        if (!isRelative(text)) {
            return of(text, search, parent);
        }
        if (List.of(text.split("/")).contains("..")) {
            throw new LimaException(
                    parent.file() + ": the relative locator \"" + text + "\" leaves its directory by ..",
                    "write an absolute path or template:NAME");
        }
        String name = parent.name();
        if (name == null) {
            Path directory = parent.file().toAbsolutePath().getParent();
            return new Locator((directory == null ? parent.file() : directory.resolve(text)).normalize(), null, null);
        }
        String sibling = Path.of(name).resolveSibling(text).normalize().toString();
        return new Locator(new TemplateStore(search.directories()).find(sibling), sibling, null);
    }

    private static boolean isRelative(String text) {
        return !SCHEME.matcher(text).matches() && !text.startsWith("/") && !text.startsWith("~");
    }

    private static Locator of(String text, TemplateSearch search, @Nullable Locator parent) {
        if (text.isBlank()) {
            throw new LimaException("the name of a template is empty", WORKS);
        }
        if (text.equals("-")) {
            throw new LimaException("standard input is no place to find a template", WORKS);
        }
        if (text.startsWith("template:")) {
            return stored(text, search, parent);
        }
        String lower = text.toLowerCase(Locale.ROOT);
        if (lower.startsWith("http:") || lower.startsWith("https:")) {
            throw new LimaException(
                    "templates are not fetched from the network: " + text,
                    "download it with curl -fLO, look at it, and give its path; " + WORKS);
        }
        if (lower.startsWith("file:")) {
            return checked(new Locator(fileUrl(text), null, null));
        }
        if (SCHEME.matcher(text).matches()) {
            throw new LimaException(
                    "there is no way to find a template by \"" + text.substring(0, text.indexOf(':') + 1) + "\"",
                    WORKS);
        }
        if (text.startsWith("~") && !text.equals("~") && !text.startsWith("~/")) {
            throw new LimaException("the home directory of another user is not known: " + text, WORKS);
        }
        Path file = text.startsWith("~/")
                ? search.home().resolve(text.substring(2))
                : search.workingDirectory().resolve(text);
        return checked(new Locator(file.normalize(), null, null));
    }

    private static Locator stored(String text, TemplateSearch search, @Nullable Locator parent) {
        String rest = text.substring("template:".length());
        String note = null;
        if (rest.startsWith("//")) {
            rest = rest.substring(2);
            note = "\"" + text + "\" is the old way to write \"template:" + rest + "\""
                    + (parent == null ? "" : " (in " + parent.file() + ")");
        }
        return new Locator(new TemplateStore(search.directories()).find(rest), rest, note);
    }

    private static Path fileUrl(String text) {
        String path = text.substring("file:".length());
        if (path.startsWith("//") && !path.startsWith("///") || !path.startsWith("/")) {
            throw new LimaException(
                    "\"" + text + "\" does not name a file by an absolute path", "write file:///path/of/the/file.yaml");
        }
        String cleaned = path.startsWith("///") ? path.substring(2) : path;
        try {
            // Percent signs stand for escaped characters if they can, and for themselves if not.
            return cleaned.contains("%") ? Path.of(URI.create("file://" + cleaned)) : Path.of(cleaned);
        } catch (IllegalArgumentException e) {
            return Path.of(cleaned);
        }
    }

    private static Locator checked(Locator locator) {
        if (IMAGE.matcher(locator.file().toString()).matches()) {
            throw new LimaException(
                    locator.file() + " is a disk image, not a template",
                    "name it in a template: images: [{location: \"" + locator.file() + "\"}]");
        }
        return locator;
    }

    /** The base name in lower case without .yaml; empty when an instance cannot be called so. */
    Optional<String> instanceName() {
        String base = String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT);
        if (name != null) {
            base = name.substring(name.lastIndexOf('/') + 1).toLowerCase(Locale.ROOT);
        }
        for (String extension : List.of(".yml", ".yaml")) {
            if (base.endsWith(extension)) {
                base = base.substring(0, base.length() - extension.length());
            }
        }
        return Identifier.isInstanceName(base) ? Optional.of(base) : Optional.empty();
    }
}
