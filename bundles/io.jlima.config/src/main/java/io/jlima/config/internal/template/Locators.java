// SPDX-License-Identifier: Apache-2.0
package io.jlima.config.internal.template;

import io.jlima.api.Arch;
import io.jlima.api.LimaException;
import io.jlima.api.config.ConfigReader.TemplateSearch;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** From what is written to the place that it means. For one template and what it names; used by one thread. */
final class Locators {
    /** Two letters at least: one alone is a drive. */
    private static final Pattern SCHEME = Pattern.compile("([A-Za-z][A-Za-z0-9+.-]+):(.*)", Pattern.DOTALL);

    private static final Set<String> OWN_SCHEMES = Set.of("template", "file", "http", "https");
    private static final String WORKS = "use template:NAME, the path of a local file, or a URL";

    private final TemplateSearch search;
    private final Web web;
    private final Set<String> notes;

    /** @param notes gets lines for the user about how locators were written */
    Locators(TemplateSearch search, Web web, Set<String> notes) {
        this.search = search;
        this.web = web;
        this.notes = notes;
    }

    /** What a user wrote on the command line. */
    Place of(String text) {
        return of(text, "");
    }

    /** What stands in a template: a relative locator belongs to the place of that template. */
    Place within(Place parent, String text) {
        if (!isRelative(text)) {
            return of(text, " (in " + parent.source() + ")");
        }
        if (List.of(text.split("/")).contains("..")) {
            throw new LimaException(
                    parent.source() + ": the relative locator \"" + text + "\" leaves its directory by ..",
                    "write an absolute path or template:NAME");
        }
        return switch (parent) {
            case Place.Stored stored -> {
                String sibling =
                        Path.of(stored.name()).resolveSibling(text).normalize().toString();
                yield new Place.Stored(new TemplateStore(search.directories()).find(sibling), sibling);
            }
            case Place.Local local -> {
                Path directory = local.file().toAbsolutePath().getParent();
                yield new Place.Local((directory == null ? Path.of("/") : directory)
                        .resolve(text)
                        .normalize());
            }
            case Place.Page page -> new Place.Page(page.location().resolve(url(text.replace(" ", "%20"))), null, web);
            case Place.Given given ->
                new Place.Local(search.workingDirectory().resolve(text).normalize());
            case Place.Image image -> throw new IllegalStateException("a template made up names no file");
        };
    }

    static boolean isRelative(String text) {
        return !SCHEME.matcher(text).matches() && !text.startsWith("/") && !text.startsWith("~");
    }

    /** What a locator in a template is where that template is somewhere else. */
    String absolute(Place parent, String text) {
        if (!isRelative(text)) {
            return text;
        }
        return switch (within(parent, text)) {
            case Place.Stored stored -> "template:" + stored.name();
            case Place other -> other.source();
        };
    }

    private Place of(String written, String where) {
        if (written.isBlank()) {
            throw new LimaException("the name of a template is empty", WORKS);
        }
        if (written.equals("-")) {
            throw new LimaException("standard input is no place to find a template", WORKS);
        }
        Place rewritten = null;
        String text = written;
        Set<String> seen = new HashSet<>();
        while (rewritten == null && isForeign(text)) {
            if (!seen.add(text)) {
                throw new LimaException(
                        "\"" + written + "\" is rewritten in a circle", String.join("\n", seen), null, null);
            }
            Matcher scheme = SCHEME.matcher(text);
            if (scheme.matches() && scheme.group(1).equals("github")) {
                rewritten = GithubLocator.page(text, web);
            } else {
                text = SchemeProgram.rewrite(text, scheme.matches() ? scheme.group(1) : "", web.caller());
            }
        }
        return rewritten != null ? rewritten : place(text, where);
    }

    private static boolean isForeign(String text) {
        Matcher scheme = SCHEME.matcher(text);
        return scheme.matches() && !OWN_SCHEMES.contains(scheme.group(1).toLowerCase(Locale.ROOT));
    }

    private Place place(String text, String where) {
        if (text.startsWith("template:")) {
            return stored(text, where);
        }
        Matcher scheme = SCHEME.matcher(text);
        String word = scheme.matches() ? scheme.group(1).toLowerCase(Locale.ROOT) : "";
        if (word.equals("http") || word.equals("https")) {
            URI location = url(text);
            if (location.getHost() == null) {
                throw new LimaException("the URL " + text + " names no host", "write one like https://host/x.yaml");
            }
            boolean image = ImageTemplate.isImage(String.valueOf(location.getPath()));
            return image ? image(location.toString(), null) : new Place.Page(location, null, web);
        }
        if (text.startsWith("~") && !text.equals("~") && !text.startsWith("~/")) {
            throw new LimaException("the home directory of another user is not known: " + text, WORKS);
        }
        Path file = word.equals("file")
                ? fileUrl(text)
                : text.startsWith("~/")
                        ? search.home().resolve(text.substring(2))
                        : search.workingDirectory().resolve(text);
        Path clean = file.normalize();
        return ImageTemplate.isImage(clean.toString()) ? image(clean.toString(), clean) : new Place.Local(clean);
    }

    private Place image(String location, @Nullable Path file) {
        ImageTemplate template = new ImageTemplate(location, file, Arch.host());
        String note = template.note();
        if (note != null) {
            notes.add(note);
        }
        return new Place.Image(template);
    }

    private Place stored(String text, String where) {
        String name = text.substring("template:".length());
        if (name.startsWith("//")) {
            name = name.substring(2);
            notes.add("\"" + text + "\" is the old way to write \"template:" + name + "\"" + where);
        }
        return new Place.Stored(new TemplateStore(search.directories()).find(name), name);
    }

    private static URI url(String text) {
        try {
            return new URI(text);
        } catch (URISyntaxException e) {
            throw new LimaException("\"" + text + "\" is not a valid URL", e.getMessage(), "escape blanks as %20", e);
        }
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
}
