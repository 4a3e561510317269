// SPDX-License-Identifier: Apache-2.0
package io.jlima.config.internal.yaml;

import io.jlima.api.LimaException;
import io.jlima.config.internal.yaml.Node.Kind;
import io.jlima.config.internal.yaml.Node.Scalar;
import io.jlima.config.internal.yaml.Node.Sequence;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.DumperOptions;
import org.yaml.snakeyaml.DumperOptions.FlowStyle;
import org.yaml.snakeyaml.DumperOptions.ScalarStyle;
import org.yaml.snakeyaml.comments.CommentLine;
import org.yaml.snakeyaml.comments.CommentType;
import org.yaml.snakeyaml.emitter.Emitter;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.nodes.CollectionNode;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;
import org.yaml.snakeyaml.nodes.Tag;
import org.yaml.snakeyaml.serializer.Serializer;

/** Writes a tree, with its comments, as YAML 1.2 text that reads back as the same tree. */
public final class YamlWriter {
    /** Text only where they are escaped: line ends of other standards, and the mark that vanishes at the beginning. */
    private static final String ESCAPED = "\r\u0085\u2028\u2029\uFEFF";

    private YamlWriter() {}

    /** The text; without comments where they would make another tree of it. */
    public static String write(Mapping document) {
        String text;
        try {
            text = writeWith(document, true);
        } catch (YAMLException e) {
            return writeWith(document, false);
        }
        return !text.contains("#") || isSame(document, text) ? text : writeWith(document, false);
    }

    /**
     * Any value, without comments.
     *
     * @param indentedDashes whether the dashes of a list stand further right than the key it belongs to
     */
    public static String write(Node value, boolean indentedDashes) {
        DumperOptions options = options();
        if (indentedDashes) {
            options.setIndicatorIndent(2);
            options.setIndentWithIndicator(true);
        }
        return serialized(node(value), options);
    }

    /** The lines of comments that stand above a value or its key. */
    public static String comments(Node node) {
        StringBuilder lines = new StringBuilder();
        node.remark().before().forEach(line -> lines.append(line.equals(Remark.BLANK) ? "\n" : "#" + line + "\n"));
        return lines.toString();
    }

    private static boolean isSame(Mapping document, String text) {
        try {
            return isSame(document, YamlText.read(text, "written"));
        } catch (LimaException e) {
            return false;
        }
    }

    private static boolean isSame(Node a, @Nullable Node b) {
        return switch (a) {
            case Scalar x ->
                b instanceof Scalar y
                        && x.kind() == y.kind()
                        && (x.isNull() || x.text().equals(y.text()));
            case Sequence x ->
                b instanceof Sequence y
                        && x.items().size() == y.items().size()
                        && IntStream.range(0, x.items().size())
                                .allMatch(
                                        i -> isSame(x.items().get(i), y.items().get(i)));
            case Mapping x ->
                b instanceof Mapping y
                        && x.entries().keySet().equals(y.entries().keySet())
                        && x.entries().entrySet().stream().allMatch(e -> isSame(e.getValue(), y.get(e.getKey())));
        };
    }

    private static String writeWith(Mapping document, boolean comments) {
        DumperOptions options = options();
        options.setProcessComments(comments);
        org.yaml.snakeyaml.nodes.Node root = node(document);
        root.setEndComments(comments(document.last().before(), CommentType.BLOCK));
        return serialized(root, options);
    }

    private static DumperOptions options() {
        DumperOptions options = new DumperOptions();
        options.setDefaultFlowStyle(FlowStyle.BLOCK);
        options.setSplitLines(false);
        options.setWidth(Integer.MAX_VALUE);
        return options;
    }

    private static String serialized(org.yaml.snakeyaml.nodes.Node root, DumperOptions options) {
        StringWriter text = new StringWriter();
        if (!options.isProcessComments()) {
            // The emitter would not write them, but stumble over them all the same.
            strip(root);
        }
        try {
            Serializer serializer = new Serializer(new Emitter(text, options), new CoreSchema(), options, null);
            serializer.open();
            serializer.serialize(root);
            serializer.close();
        } catch (IOException e) {
            throw new UncheckedIOException("a StringWriter does not fail", e);
        }
        return text.toString();
    }

    private static void strip(org.yaml.snakeyaml.nodes.Node node) {
        node.setBlockComments(null);
        node.setInLineComments(null);
        node.setEndComments(null);
        switch (node) {
            case SequenceNode sequence -> sequence.getValue().forEach(YamlWriter::strip);
            case MappingNode mapping ->
                mapping.getValue().forEach(tuple -> {
                    strip(tuple.getKeyNode());
                    strip(tuple.getValueNode());
                });
            default -> {}
        }
    }

    private static org.yaml.snakeyaml.nodes.Node node(Node node) {
        return switch (node) {
            case Scalar scalar -> scalar(scalar.kind(), plainText(scalar));
            case Sequence sequence -> {
                List<org.yaml.snakeyaml.nodes.Node> items = new ArrayList<>();
                sequence.items().forEach(item -> items.add(commented(item)));
                yield new SequenceNode(Tag.SEQ, items, items.isEmpty() ? FlowStyle.FLOW : FlowStyle.BLOCK);
            }
            case Mapping mapping -> {
                List<NodeTuple> tuples = new ArrayList<>();
                mapping.entries().forEach((key, value) -> tuples.add(tuple(key, value)));
                yield new MappingNode(Tag.MAP, tuples, tuples.isEmpty() ? FlowStyle.FLOW : FlowStyle.BLOCK);
            }
        };
    }

    private static NodeTuple tuple(String key, Node value) {
        ScalarNode keyNode = scalar(Kind.TEXT, key);
        org.yaml.snakeyaml.nodes.Node valueNode = node(value);
        keyNode.setBlockComments(comments(value.remark().before(), CommentType.BLOCK));
        List<CommentLine> beside = comments(value.remark().beside(), CommentType.IN_LINE);
        boolean sameLine = valueNode instanceof ScalarNode || isFlow(valueNode);
        (sameLine ? valueNode : keyNode).setInLineComments(beside);
        return new NodeTuple(keyNode, valueNode);
    }

    private static boolean isFlow(org.yaml.snakeyaml.nodes.Node node) {
        return node instanceof CollectionNode<?> collection && collection.getFlowStyle() == FlowStyle.FLOW;
    }

    /** An item of a list; comments above the first key of a mapping stand above the dash. */
    private static org.yaml.snakeyaml.nodes.Node commented(Node item) {
        org.yaml.snakeyaml.nodes.Node node = node(item);
        List<CommentLine> before = comments(item.remark().before(), CommentType.BLOCK);
        if (node instanceof MappingNode mapping && !mapping.getValue().isEmpty()) {
            org.yaml.snakeyaml.nodes.Node first = mapping.getValue().getFirst().getKeyNode();
            before.addAll(Objects.requireNonNullElse(first.getBlockComments(), List.of()));
            first.setBlockComments(new ArrayList<>());
        }
        node.setBlockComments(before);
        if (node instanceof ScalarNode || isFlow(node)) {
            node.setInLineComments(comments(item.remark().beside(), CommentType.IN_LINE));
        }
        return node;
    }

    private static List<CommentLine> comments(List<String> lines, CommentType type) {
        List<CommentLine> comments = new ArrayList<>();
        lines.forEach(line -> comments.add(
                line.equals(Remark.BLANK)
                        ? new CommentLine(null, null, "", CommentType.BLANK_LINE)
                        : new CommentLine(null, null, line, type)));
        return comments;
    }

    /** The canonical text of a float may be that of an integer, and would be read as one. */
    private static String plainText(Scalar scalar) {
        return switch (scalar.kind()) {
            case NULL -> "null";
            case FLOAT -> CoreSchema.kindOf(scalar.text()) == Kind.FLOAT ? scalar.text() : scalar.text() + ".0";
            default -> scalar.text();
        };
    }

    /** Scripts stay readable as block literals; the emitter quotes where a style cannot hold the text. */
    private static ScalarNode scalar(Kind kind, String text) {
        return new ScalarNode(CoreSchema.tag(kind), text, null, null, style(kind, text));
    }

    private static ScalarStyle style(Kind kind, String text) {
        if (kind != Kind.TEXT) {
            return ScalarStyle.PLAIN;
        }
        if (CoreSchema.kindOf(text) != Kind.TEXT || text.chars().anyMatch(c -> ESCAPED.indexOf(c) >= 0)) {
            return ScalarStyle.DOUBLE_QUOTED;
        }
        return text.contains("\n") ? ScalarStyle.LITERAL : ScalarStyle.PLAIN;
    }
}
