// SPDX-License-Identifier: Apache-2.0
package io.jlima.config.internal.edit;

import io.jlima.config.internal.yaml.CoreSchema;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.DumperOptions.FlowStyle;
import org.yaml.snakeyaml.DumperOptions.ScalarStyle;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.composer.Composer;
import org.yaml.snakeyaml.error.Mark;
import org.yaml.snakeyaml.nodes.CollectionNode;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;
import org.yaml.snakeyaml.parser.ParserImpl;
import org.yaml.snakeyaml.reader.StreamReader;

/** A YAML text and where in it everything stands, in characters. The text has been read before, so it is sound. */
final class SourceDocument {
    private static final Pattern ALIAS = Pattern.compile("[ \\t]*\\*[^\\s,\\[\\]{}]+");

    /** The reader has checked depth and aliases already. */
    private static final int DEEPEST = 1000;

    private final String text;
    private final boolean onlyBasic;
    private final @Nullable Node root;

    SourceDocument(String text) {
        this.text = text;
        this.onlyBasic = text.chars().noneMatch(c -> Character.isSurrogate((char) c));
        LoaderOptions options = new LoaderOptions();
        options.setCodePointLimit(Integer.MAX_VALUE);
        options.setNestingDepthLimit(DEEPEST);
        options.setMaxAliasesForCollections(Integer.MAX_VALUE);
        Composer composer = new Composer(new ParserImpl(new StreamReader(text), options), new CoreSchema(), options);
        this.root = composer.getSingleNode();
    }

    /** Null when there is nothing but comments. */
    @Nullable
    Node root() {
        return root;
    }

    String text() {
        return text;
    }

    /** What ends lines here. */
    String lineEnd() {
        return text.contains("\r\n") ? "\r\n" : "\n";
    }

    private int index(@Nullable Mark mark) {
        if (mark == null) {
            throw new CannotEdit("a value without a place");
        }
        return onlyBasic ? mark.getIndex() : text.offsetByCodePoints(0, mark.getIndex());
    }

    int start(Node node) {
        return index(node.getStartMark());
    }

    static boolean isFlow(Node node) {
        return node instanceof CollectionNode<?> collection && collection.getFlowStyle() == FlowStyle.FLOW;
    }

    /** Whether the text of the value can take several lines that end where indentation says. */
    static boolean isBlock(Node node) {
        return switch (node) {
            case CollectionNode<?> collection -> collection.getFlowStyle() != FlowStyle.FLOW;
            case ScalarNode scalar ->
                scalar.getScalarStyle() == ScalarStyle.LITERAL || scalar.getScalarStyle() == ScalarStyle.FOLDED;
            default -> false;
        };
    }

    /** Behind the last character of a value, without comments and blank lines that follow it. */
    int end(Node node) {
        return switch (node) {
            case ScalarNode scalar when isBlock(scalar) -> blockScalarEnd(scalar);
            case SequenceNode sequence
            when !isFlow(sequence) -> end(sequence.getValue().getLast());
            case MappingNode mapping
            when !isFlow(mapping) -> end(mapping.getValue().getLast());
            default -> index(node.getEndMark());
        };
    }

    /** Behind the last character of an entry. */
    int end(NodeTuple entry) {
        if (isAlias(entry)) {
            Matcher alias = alias(entry);
            return alias.end();
        }
        return end(entry.getValueNode());
    }

    private int blockScalarEnd(ScalarNode scalar) {
        int start = start(scalar);
        int end = index(scalar.getEndMark());
        int header = text.indexOf('\n', start);
        boolean keep =
                header > 0 && text.substring(start, header).split("#", 2)[0].contains("+");
        while (end > start + 1 && (keep ? isLineBreak(end - 1) : Character.isWhitespace(text.charAt(end - 1)))) {
            end--;
            if (keep && !(end > start + 1 && isLineBreak(end - 1))) {
                break;
            }
        }
        return end;
    }

    private boolean isLineBreak(int at) {
        return text.charAt(at) == '\n' || text.charAt(at) == '\r';
    }

    /** Whether the value stands elsewhere: before its key. */
    private boolean isAlias(NodeTuple entry) {
        return start(entry.getValueNode()) < start(entry.getKeyNode());
    }

    private Matcher alias(NodeTuple entry) {
        Matcher alias = ALIAS.matcher(text);
        if (!alias.find(afterColon(entry)) || alias.start() != afterColon(entry)) {
            throw new CannotEdit("an alias far from its key");
        }
        return alias;
    }

    /** @throws CannotEdit when the value is an alias, so that a change would be a change of something else as well */
    void refuseAlias(NodeTuple entry) {
        if (isAlias(entry) || entry.getValueNode().getAnchor() != null) {
            throw new CannotEdit("a value that is used twice");
        }
    }

    /** Behind the colon of an entry. */
    int afterColon(NodeTuple entry) {
        int at = index(entry.getKeyNode().getEndMark());
        while (at < text.length() && (text.charAt(at) == ' ' || text.charAt(at) == '\t')) {
            at++;
        }
        if (at >= text.length() || text.charAt(at) != ':') {
            throw new CannotEdit("a key without a colon");
        }
        return at + 1;
    }

    /** Where the dash of a list item is. */
    int dash(SequenceNode sequence, int item) {
        int column = column(start(sequence));
        int at = start(sequence.getValue().get(item));
        while (true) {
            int line = lineStart(at);
            int dash = line + column;
            if (dash < text.length()
                    && text.charAt(dash) == '-'
                    && (dash < at || dash == at)
                    && (dash + 1 == text.length() || Character.isWhitespace(text.charAt(dash + 1)))) {
                return dash;
            }
            if (line == 0 || line <= start(sequence)) {
                throw new CannotEdit("a list item without a dash");
            }
            at = line - 1;
        }
    }

    int column(int at) {
        return at - lineStart(at);
    }

    int lineStart(int at) {
        return text.lastIndexOf('\n', at - 1) + 1;
    }

    /** Before the line break of the line, or the end of the text. */
    int lineEnd(int at) {
        int end = text.indexOf('\n', at);
        if (end < 0) {
            return text.length();
        }
        return end > at && text.charAt(end - 1) == '\r' ? end - 1 : end;
    }

    /** Whether nothing but blanks stands before this place in its line. */
    boolean isFirstInLine(int at) {
        return text.substring(lineStart(at), at).isBlank();
    }

    /** The end of the line before; with it a whole line can be cut out without touching the next one. */
    int previousLineEnd(int lineStart) {
        int end = lineStart - 1;
        return end > 0 && text.charAt(end - 1) == '\r' ? end - 1 : end;
    }
}
