// SPDX-License-Identifier: Apache-2.0
package io.jlima.config.internal.template;

import io.jlima.api.LimaException;
import io.jlima.api.config.ConfigReader;
import io.jlima.api.config.ConfigReader.TemplateSearch;
import io.jlima.config.internal.edit.Rewriter;
import io.jlima.config.internal.yaml.Mapping;
import io.jlima.config.internal.yaml.Mark;
import io.jlima.config.internal.yaml.Node;
import io.jlima.config.internal.yaml.Node.Kind;
import io.jlima.config.internal.yaml.Node.Scalar;
import io.jlima.config.internal.yaml.Node.Sequence;
import io.jlima.config.internal.yaml.YamlText;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Puts into a template what it names: its bases and the files of its scripts. Used once. */
final class Embedding {
    /** The comment by which editors find the schema of a file. */
    private static final Pattern MODELINE = Pattern.compile("(?m)^(# yaml-language-server: \\$schema=)(\\S+)$");

    private final TemplateSearch search;
    private final ConfigReader.Embedding level;
    private final Consumer<Mapping> check;
    private final Set<Path> seen = new HashSet<>();
    private final Set<String> notes = new LinkedHashSet<>();
    private long length;

    /**
     * @param level what is put in
     * @param check refuses a document that has not the shape of lima.yaml
     */
    Embedding(TemplateSearch search, ConfigReader.Embedding level, Consumer<Mapping> check) {
        this.search = search;
        this.level = level;
        this.check = check;
    }

    /** The text with all that belongs into it; the very text of the file if nothing does. */
    String embed(Locator locator) {
        String text = TextFile.read(locator.file());
        if (level == ConfigReader.Embedding.NONE) {
            return text;
        }
        text = schemaFound(text, locator.file());
        if (!text.contains("base") && !text.contains("file")) {
            return text;
        }
        String source = locator.file().toString();
        Mapping document = YamlText.read(text, source);
        boolean names = !isUnset(document.get("base"))
                || document.mappings("provision").stream().anyMatch(step -> !isUnset(step.get("file")))
                || document.mappings("probes").stream().anyMatch(probe -> !isUnset(probe.get("file")));
        if (!names) {
            return text;
        }
        note(locator);
        boolean based = !isUnset(document.get("base"));
        Mapping whole = whole(locator, document, text.length());
        if (based && level != ConfigReader.Embedding.ABSOLUTE) {
            BaseMerge.combine(whole);
        }
        String written = Rewriter.rewrite(text, source, whole);
        if (written.length() > YamlText.LONGEST) {
            throw new LimaException(locator.file() + " is longer than 4 MiB with its bases");
        }
        return written;
    }

    /** The text goes elsewhere, but its schema stays where it is. */
    private static String schemaFound(String text, Path file) {
        return MODELINE.matcher(text).replaceFirst(line -> {
            String schema = line.group(2);
            Path directory = file.toAbsolutePath().getParent();
            boolean relative = !schema.contains(":") && !schema.startsWith("/") && directory != null;
            String found = relative && directory != null
                    ? directory.resolve(schema).normalize().toString()
                    : schema;
            return Matcher.quoteReplacement(line.group(1) + found);
        });
    }

    /** Lines for the user about old spellings met on the way. */
    Set<String> notes() {
        return notes;
    }

    private void note(Locator locator) {
        String note = locator.note();
        if (note != null) {
            notes.add(note);
        }
    }

    private Mapping whole(Locator locator, Mapping document, int size) {
        length += size;
        if (length > YamlText.LONGEST) {
            throw new LimaException(locator.file() + " makes the template longer than 4 MiB with its bases");
        }
        if (!seen.add(locator.file().toAbsolutePath().normalize())) {
            throw new LimaException(
                    locator.file() + " is a base for the second time",
                    "each base can be named once, also by the bases of bases");
        }
        check.accept(document);
        files(locator, document, "provision");
        files(locator, document, "probes");
        Node bases = document.get("base");
        document.remove("base");
        List<Node> items = bases == null || bases.isNull()
                ? List.of()
                : bases instanceof Sequence sequence ? sequence.items() : List.of(bases);
        List<Node> left = new ArrayList<>();
        for (Node item : items) {
            if (stays(item)) {
                left.add(named(locator, item));
                continue;
            }
            if (!left.isEmpty()) {
                throw new LimaException(
                        item.mark().position() + ": a file cannot be embedded behind a template that is not",
                        "name the bases of the form template:NAME last, or use --embed-all");
            }
            Locator base = located(locator, item);
            String text = TextFile.read(base.file());
            Mapping below = whole(base, YamlText.read(text, base.file().toString()), text.length());
            left.addAll(below.get("base") instanceof Sequence sequence ? sequence.items() : List.of());
            below.remove("base");
            BaseMerge.merge(document, below);
        }
        if (!left.isEmpty()) {
            document.put("base", new Sequence(document.mark(), left));
        }
        return document;
    }

    /** Whether a locator is left in the text. */
    private boolean stays(Node item) {
        return switch (level) {
            case NONE, ABSOLUTE -> true;
            case FILES -> url(item).startsWith("template:");
            case ALL -> false;
        };
    }

    private static String url(Node item) {
        String url = item instanceof Scalar scalar ? scalar.text() : ((Mapping) item).text("url");
        return url == null ? "" : url;
    }

    /** The same locator so that it is found from anywhere. */
    private Node named(Locator parent, Node item) {
        Locator found = located(parent, item);
        String name = found.name();
        Scalar place = Scalar.of(name == null ? found.file().toString() : "template:" + name);
        if (item instanceof Mapping mapping) {
            return mapping.put("url", place);
        }
        return place;
    }

    private void files(Locator locator, Mapping document, String list) {
        for (Mapping step : document.mappings(list)) {
            Node file = step.get("file");
            if (file == null || file.isNull()) {
                step.remove("file");
                continue;
            }
            if (stays(file)) {
                step.put("file", named(locator, file));
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
            Path source = located(locator, file).file();
            String text = TextFile.read(source);
            length += text.length();
            step.remove("file");
            step.put(key, step.keyMark("file"), new Scalar(file.mark(), Kind.TEXT, text, text));
        }
    }

    /** The place that an item of {@code base} or a {@code file} names. */
    private Locator located(Locator parent, Node item) {
        String url = url(item);
        Mark mark = item.mark();
        if (url.isEmpty()) {
            throw new LimaException(mark.position() + ": a locator is missing", "write a path or template:NAME");
        }
        if (item instanceof Mapping mapping && !isUnset(mapping.get("digest"))) {
            throw new LimaException(
                    mapping.markOf("digest").position() + ": the digest of a locator is not checked", "remove it");
        }
        try {
            Locator found = Locator.within(parent, url, search);
            note(found);
            return found;
        } catch (LimaException e) {
            throw new LimaException(mark.position() + ": " + e.what(), e.evidence(), e.remedy(), e);
        }
    }

    private static boolean isUnset(@Nullable Node node) {
        return node == null
                || node.isNull()
                || node instanceof Sequence sequence && sequence.items().isEmpty();
    }
}
