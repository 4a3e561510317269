// SPDX-License-Identifier: Apache-2.0
package io.jlima.config.internal.yaml;

import io.jlima.api.LimaException;
import io.jlima.config.internal.yaml.Node.Kind;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.composer.Composer;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.events.Event;
import org.yaml.snakeyaml.parser.ParserImpl;
import org.yaml.snakeyaml.reader.StreamReader;

/** Reads one YAML document. Whatever the text is, reading it takes time and memory in proportion to its length. */
public final class YamlText {
    /** Lima's limit for templates, in bytes. */
    public static final int LONGEST = 4 * 1024 * 1024;

    /** lima.yaml needs 6 levels; free-form driver options may need some more. */
    private static final int DEEPEST = 64;

    /** How often collections may be used again by alias. */
    private static final int MOST_ALIASES = 200;

    /** Far more values than any lima.yaml has; keeps a hostile one from filling the memory. */
    static final int MOST_VALUES = 10_000;

    /** The parser takes time and memory by the square of what stands in one line. */
    private static final int LONGEST_LINE = 512 * 1024;

    private final String source;
    private final String text;
    private final SourceText lines;
    private boolean comments;
    private Mark lastEvent;

    private YamlText(String text, String source) {
        this.text = text;
        this.source = source;
        this.lines = new SourceText(source, text);
        this.lastEvent = mark(1, 1);
    }

    /**
     * The document as a mapping; an empty one for a document with nothing in it.
     *
     * @param source name of the text in messages
     * @throws LimaException when the text is not YAML, with line and column
     */
    public static Mapping read(String text, String source) {
        if (text.length() > LONGEST || utf8Length(text) > LONGEST) {
            throw new LimaException(
                    source + " is longer than 4 MiB", "a lima.yaml is text; disk images belong into images[].location");
        }
        return new YamlText(text, source).document();
    }

    /** The same with its comments, as far as they can be told from its values; without them where they cannot. */
    public static Mapping readWithComments(String text, String source) {
        Mapping plain = read(text, source);
        if (!text.contains("#")) {
            return plain;
        }
        YamlText yaml = new YamlText(text, source);
        yaml.comments = true;
        try {
            return yaml.document();
        } catch (LimaException | ClassCastException e) {
            // The parser knows comments in fewer places than people do; right after a brace it takes one for a key.
            return plain;
        }
    }

    private Mapping document() {
        refuseBadLines();
        Node root = compose();
        if (root.isNull()) {
            return new Mapping(mark(1, 1));
        }
        if (root instanceof Mapping mapping) {
            return mapping;
        }
        throw fault(root.mark(), "expected a mapping but found " + root.described(), "write lines like \"cpus: 4\"");
    }

    /**
     * The text with other scalars in some places, and nothing else changed.
     *
     * @param scalars new values by the old ones, as {@link #read} found them; each of one line
     */
    public static String replace(String text, Map<Node.Scalar, String> scalars) {
        StringBuilder result = new StringBuilder(text);
        scalars.entrySet().stream()
                .sorted(Comparator.comparing((Map.Entry<Node.Scalar, String> e) ->
                                e.getKey().mark().index())
                        .reversed())
                .forEach(e -> {
                    int start = e.getKey().mark().index();
                    int end = endOfScalar(text, start, e.getKey().written());
                    result.replace(start, end, "\"" + escaped(e.getValue()) + "\"");
                });
        return result.toString();
    }

    private static String escaped(String value) {
        return value.replace("\\", "\\\\").replace("\"", "\\\"");
    }

    /** Where a scalar ends: after its closing quote, or where what was written does. */
    private static int endOfScalar(String text, int start, String written) {
        char first = text.charAt(start);
        int i = start + 1;
        if (first == '"' || first == '\'') {
            while (i < text.length() && text.charAt(i) != first) {
                i += text.charAt(i) == '\\' && first == '"' ? 2 : 1;
            }
            return Math.min(i + 1, text.length());
        }
        return start + written.length();
    }

    private Node compose() {
        LoaderOptions options = new LoaderOptions();
        options.setCodePointLimit(LONGEST);
        options.setNestingDepthLimit(DEEPEST);
        options.setMaxAliasesForCollections(MOST_ALIASES);
        options.setProcessComments(comments);
        try {
            var composer = new Composer(new CountingParser(new StreamReader(text), options), new CoreSchema(), options);
            org.yaml.snakeyaml.nodes.Node root = composer.getSingleNode();
            return root == null ? new Node.Scalar(mark(1, 1), Kind.NULL, "", "") : new NodeReader(this).read(root);
        } catch (MarkedYAMLException e) {
            Mark mark = place(e);
            String words = String.valueOf(e.getProblem());
            String context = e.getContext() == null ? "" : " " + e.getContext();
            throw fault(mark, "not valid YAML: " + words + context, hint(words + context));
        } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
            // What the parser does for an escape like \\x without digits.
            throw fault(
                    lastEvent,
                    "not valid YAML: an escape in double quotes, here or below, means no character",
                    "write \\\\ for a backslash, or use single quotes");
        } catch (YAMLException e) {
            // Limits of the parser come without a place.
            throw fault(mark(1, 1), "not accepted as YAML: " + e.getMessage(), hint(String.valueOf(e.getMessage())));
        }
    }

    /** From words of the parser to what would be right; the first that fits. */
    private static final List<Map.Entry<String, String>> HINTS = List.of(
            Map.entry("TAB", "indent with blanks"),
            Map.entry("mapping values are not allowed", "put quotes around a text that contains a colon and a blank"),
            Map.entry("expected <block end>", "give all entries of one block the same indentation"),
            Map.entry("unexpected end of stream", "close the quote or bracket that was opened"),
            Map.entry("stream end", "close the quote or bracket that was opened"),
            Map.entry("expected ',' or", "close the bracket, or separate the items by commas"),
            Map.entry("could not find expected ':'", "write a colon and a blank between key and value"),
            Map.entry("undefined alias", "an alias *name needs an anchor &name before it"),
            Map.entry("cannot start any token", "put quotes around a text that begins with @, ` or %"),
            Map.entry("expected a single document", "keep one document: remove the line ---"),
            Map.entry("escape sequence", "write \\\\ for a backslash, or use single quotes"),
            Map.entry("unknown escape", "write \\\\ for a backslash, or use single quotes"),
            Map.entry("Nesting Depth", "at most " + DEEPEST + " levels are read"),
            Map.entry("aliases", "write the values out instead of repeating them by alias"));

    private static @Nullable String hint(String problem) {
        return HINTS.stream()
                .filter(h -> problem.contains(h.getKey()))
                .map(Map.Entry::getValue)
                .findFirst()
                .orElse(null);
    }

    /** What was never closed is noticed at the end of the text, but must be mended where it was opened. */
    private Mark place(MarkedYAMLException e) {
        int end = text.stripTrailing().length();
        int points = text.codePointCount(0, end);
        return Stream.of(e.getProblemMark(), e.getContextMark())
                .filter(mark -> mark != null && mark.getIndex() < points)
                .findFirst()
                .map(this::mark)
                .orElseGet(() -> markAt(end));
    }

    private void refuseBadLines() {
        int lineStart = 0;
        for (int i = 0; i < text.length(); ) {
            int point = text.codePointAt(i);
            if (SourceText.isLineEnd(point)) {
                lineStart = i + 1;
            } else if (i - lineStart >= LONGEST_LINE) {
                throw fault(
                        markAt(lineStart),
                        "a line of more than " + LONGEST_LINE + " characters",
                        "write long texts in lines, below a | or as !!binary");
            }
            if (!StreamReader.isPrintable(point)) {
                throw fault(
                        markAt(i),
                        String.format("not valid YAML: the character U+%04X may not stand in a text", point),
                        "remove it, or write \"\\u%04x\" in double quotes".formatted(point));
            }
            i += Character.charCount(point);
        }
    }

    private Mark markAt(int index) {
        int line = 1;
        int column = 1;
        int previous = 0;
        for (int i = 0; i < index; ) {
            int point = text.codePointAt(i);
            boolean lineEnd = SourceText.isLineEnd(point);
            if (lineEnd && !(point == '\n' && previous == '\r')) {
                line++;
            }
            column = lineEnd ? 1 : column + 1;
            previous = point;
            i += Character.charCount(point);
        }
        return mark(line, column);
    }

    Mark mark(org.yaml.snakeyaml.error.Mark mark) {
        return mark(mark.getLine() + 1, mark.getColumn() + 1);
    }

    private Mark mark(int line, int column) {
        return new Mark(lines, line, column);
    }

    LimaException fault(Mark mark, String what, @Nullable String right) {
        Findings findings = new Findings();
        findings.error(mark, what, right);
        try {
            findings.throwErrors(source);
        } catch (LimaException e) {
            return e;
        }
        throw new IllegalStateException("an error was added above");
    }

    /** Gives up when a document has more values than are read. */
    private final class CountingParser extends ParserImpl {
        private int events;

        CountingParser(StreamReader reader, LoaderOptions options) {
            super(reader, options);
        }

        @Override
        public Event getEvent() {
            Event event = super.getEvent();
            if (event.getStartMark() != null) {
                lastEvent = mark(event.getStartMark());
            }
            // A collection has two events, a scalar one.
            if (++events > 2 * MOST_VALUES) {
                throw fault(
                        mark(event.getStartMark()),
                        "more than " + MOST_VALUES + " values",
                        "a lima.yaml has some dozens; is this the right file?");
            }
            return event;
        }
    }

    private static long utf8Length(String text) {
        long length = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            // Half of a pair is half of four bytes.
            length += c < 0x80 ? 1 : c < 0x800 || Character.isSurrogate(c) ? 2 : 3;
        }
        return length;
    }
}
