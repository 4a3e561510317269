// SPDX-License-Identifier: Apache-2.0
package io.jlima.config.internal.template;

import io.jlima.api.LimaException;
import io.jlima.api.config.ConfigReader.Embed;
import io.jlima.api.config.ConfigReader.TemplateSearch;
import io.jlima.config.internal.yaml.Mapping;
import io.jlima.config.internal.yaml.Mark;
import io.jlima.config.internal.yaml.Node;
import io.jlima.config.internal.yaml.Node.Kind;
import io.jlima.config.internal.yaml.Node.Scalar;
import io.jlima.config.internal.yaml.Node.Sequence;
import io.jlima.config.internal.yaml.YamlText;
import io.jlima.config.internal.yaml.YamlWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Puts into a template what it names: its bases and the files of its scripts. Used once. */
final class Embedding {
    private final TemplateSearch search;
    private final Embed embed;
    private final Locators locators;
    private final Consumer<Mapping> check;
    private final Set<String> seen = new HashSet<>();
    private long length;
    private boolean merged;

    /** @param check refuses a document that has not the shape of lima.yaml */
    Embedding(TemplateSearch search, Embed embed, Locators locators, Consumer<Mapping> check) {
        this.search = search;
        this.embed = embed;
        this.locators = locators;
        this.check = check;
    }

    /** The text with all that belongs into it; the very text of the place where nothing does. */
    String embed(Place place) {
        String text = embed == Embed.NOTHING ? place.text() : Modeline.moved(place);
        Path base = search.base() == null || !Files.exists(search.base()) ? null : search.base();
        boolean based = base != null;
        if (embed == Embed.NOTHING || !based && !text.contains("base") && !text.contains("file")) {
            return text;
        }
        Mapping document = YamlText.readWithComments(text, place.source());
        if (embed == Embed.ABSOLUTE) {
            return absolute(place, document, text);
        }
        List<Node> bases = bases(document);
        if (!based && bases.isEmpty() && !namesFiles(document)) {
            return text;
        }
        if (!based && bases.size() == 1 && document.entries().size() == 1 && !isKept(bases.getFirst())) {
            // Nothing is merged, so that even the comments of the base can stay as they are.
            enter(place, text);
            merged = true;
            Place only = located(place, bases.getFirst());
            check.accept(YamlText.read(text(only, bases.getFirst()), only.source()));
            return embed(only);
        }
        if (base != null) {
            bases.addFirst(new Scalar(document.mark(), Kind.TEXT, base.toString(), base.toString()));
            document.put("base", new Sequence(document.mark(), bases));
        }
        merged = true;
        String head = head(document);
        Mapping whole = whole(place, document, text);
        if (!bases.isEmpty()) {
            BaseMerge.combine(whole);
        }
        String written = head + YamlWriter.write(whole);
        if (written.length() > YamlText.LONGEST) {
            throw new LimaException(
                    place.source() + " is longer than 4 MiB with its bases",
                    "take out what the guest can fetch itself");
        }
        return written;
    }

    /** What stands at the top of a template is about all of it, even if only the list of bases follows. */
    private static String head(Mapping document) {
        Node base = document.get("base");
        boolean first =
                base != null && document.entries().keySet().iterator().next().equals("base");
        return base != null && first ? YamlWriter.comments(base) : "";
    }

    /** Whether the lines of the text are not those of the place. */
    boolean isMerged() {
        return merged;
    }

    private static boolean namesFiles(Mapping document) {
        return Stream.of("provision", "probes")
                .flatMap(list -> document.mappings(list).stream())
                .anyMatch(step -> !isUnset(step.get("file")));
    }

    private static List<Node> bases(Mapping document) {
        Node bases = document.get("base");
        if (bases == null || bases.isNull()) {
            return new ArrayList<>();
        }
        return bases instanceof Sequence sequence ? new ArrayList<>(sequence.items()) : new ArrayList<>(List.of(bases));
    }

    /** Whether a base is left to be named. */
    private boolean isKept(Node base) {
        return embed == Embed.EXTERNAL && String.valueOf(url(base)).startsWith("template:");
    }

    /** Counts a text that goes into the template; each may do so once. */
    private void enter(Place place, String text) {
        length += text.length();
        if (length > YamlText.LONGEST) {
            throw new LimaException(
                    place.source() + " makes the template longer than 4 MiB with its bases",
                    "take out what the guest can fetch itself");
        }
        if (!seen.add(place.source())) {
            throw new LimaException(
                    place.source() + " is a base for the second time",
                    "each base can be named once, also by the bases of bases");
        }
    }

    private Mapping whole(Place place, Mapping document, String text) {
        enter(place, text);
        check.accept(document);
        files(place, document, "provision");
        files(place, document, "probes");
        List<Node> kept = new ArrayList<>();
        List<Node> bases = bases(document);
        document.remove("base");
        for (Node item : bases) {
            if (isKept(item)) {
                kept.add(item);
                continue;
            }
            if (!kept.isEmpty()) {
                throw new LimaException(
                        item.mark().position() + ": the base " + url(item)
                                + " cannot be taken in after template: bases that stay",
                        "name it before them, or take in all bases (--embed-all)");
            }
            Place base = located(place, item);
            String below = Modeline.removed(text(base, item));
            Mapping taken = whole(base, YamlText.readWithComments(below, base.source()), below);
            kept.addAll(bases(taken));
            taken.remove("base");
            BaseMerge.merge(document, taken);
        }
        if (!kept.isEmpty()) {
            document.put("base", new Sequence(kept.getFirst().mark(), kept));
        }
        return document;
    }

    private void files(Place place, Mapping document, String list) {
        for (Mapping step : document.mappings(list)) {
            Node file = step.get("file");
            if (file == null || file.isNull()) {
                step.remove("file");
                continue;
            }
            if (isKept(file)) {
                continue;
            }
            String mode = step.text("mode");
            String key = "data".equals(mode) ? "content" : "yq".equals(mode) ? "expression" : "script";
            String present = step.text(key);
            if (present != null && !present.isEmpty()) {
                throw new LimaException(
                        step.keyMark("file").position() + ": file and " + key + " cannot both be given",
                        "keep one of them");
            }
            String text = text(located(place, file), file);
            length += text.length();
            step.remove("file");
            step.put(key, step.keyMark("file"), new Scalar(file.mark(), Kind.TEXT, text, text));
        }
    }

    private static @Nullable String url(Node item) {
        return switch (item) {
            case Scalar scalar -> scalar.text();
            case Mapping mapping -> mapping.text("url");
            case Sequence sequence -> null;
        };
    }

    /** The place that an item of {@code base} or a {@code file} names. */
    private Place located(Place parent, Node item) {
        String url = url(item);
        Mark mark = item.mark();
        if (url == null || url.isEmpty()) {
            throw new LimaException(mark.position() + ": a locator is missing", "write a path or template:NAME");
        }
        if (item instanceof Mapping mapping && !isUnset(mapping.get("digest"))) {
            throw new LimaException(
                    mapping.markOf("digest").position() + ": the digest of a locator is not checked", "remove it");
        }
        try {
            return locators.within(parent, url);
        } catch (LimaException e) {
            throw new LimaException(mark.position() + ": " + e.what(), e.evidence(), e.remedy(), e);
        }
    }

    /** What stands at a place that an item names. */
    private static String text(Place place, Node item) {
        try {
            return place.text();
        } catch (LimaException e) {
            throw new LimaException(item.mark().position() + ": " + e.what(), e.evidence(), e.remedy(), e);
        }
    }

    /** The text with absolute locators in place of relative ones, and nothing else changed. */
    private String absolute(Place place, Mapping document, String text) {
        List<Node> named = bases(document);
        Stream.of("provision", "probes")
                .flatMap(list -> document.mappings(list).stream())
                .map(step -> step.get("file"))
                .filter(file -> !isUnset(file))
                .forEach(named::add);
        Map<Scalar, String> replaced = new HashMap<>();
        for (Node node : named) {
            Node locator = node instanceof Mapping mapping ? mapping.get("url") : node;
            if (locator instanceof Scalar scalar && Locators.isRelative(scalar.text())) {
                replaced.put(scalar, locators.absolute(place, scalar.text()));
            }
        }
        return YamlText.replace(text, replaced);
    }

    private static boolean isUnset(@Nullable Node node) {
        return node == null
                || node.isNull()
                || node instanceof Sequence sequence && sequence.items().isEmpty();
    }
}
