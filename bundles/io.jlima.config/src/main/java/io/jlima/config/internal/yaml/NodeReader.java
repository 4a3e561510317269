// SPDX-License-Identifier: Apache-2.0
package io.jlima.config.internal.yaml;

import io.jlima.config.internal.yaml.Node.Kind;
import io.jlima.config.internal.yaml.Node.Scalar;
import io.jlima.config.internal.yaml.Node.Sequence;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.comments.CommentLine;
import org.yaml.snakeyaml.comments.CommentType;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;
import org.yaml.snakeyaml.nodes.Tag;

/** Turns the parser's node graph into a tree, refusing what a tree cannot be: loops and bombs made of aliases. */
final class NodeReader {
    private static final Pattern BLANKS = Pattern.compile("\\s+");

    private final YamlText text;
    private int values;
    private final Set<org.yaml.snakeyaml.nodes.Node> open = Collections.newSetFromMap(new IdentityHashMap<>());

    NodeReader(YamlText text) {
        this.text = text;
    }

    Node read(org.yaml.snakeyaml.nodes.Node node) {
        return read(node, remark(node.getBlockComments(), node.getInLineComments()));
    }

    private static Remark remark(@Nullable List<CommentLine> before, @Nullable List<CommentLine> beside) {
        List<String> above = lines(before);
        List<String> behind = lines(beside);
        return above.isEmpty() && behind.isEmpty() ? Remark.NONE : new Remark(above, behind);
    }

    private static List<String> lines(@Nullable List<CommentLine> comments) {
        return comments == null
                ? List.of()
                : comments.stream()
                        .map(line -> line.getCommentType() == CommentType.BLANK_LINE ? Remark.BLANK : line.getValue())
                        .toList();
    }

    /** Comments stand at the key of a value that spans lines, and at the value itself where both share one. */
    private static Remark remark(NodeTuple tuple) {
        org.yaml.snakeyaml.nodes.Node key = tuple.getKeyNode();
        org.yaml.snakeyaml.nodes.Node value = tuple.getValueNode();
        List<CommentLine> beside = key.getInLineComments();
        return remark(key.getBlockComments(), beside == null || beside.isEmpty() ? value.getInLineComments() : beside);
    }

    private Node read(org.yaml.snakeyaml.nodes.Node node, Remark remark) {
        Mark mark = text.mark(node.getStartMark());
        // Texts are shared between the places that use an alias, so only the number of values counts.
        if (++values > YamlText.MOST_VALUES) {
            throw text.fault(
                    mark,
                    "more than " + YamlText.MOST_VALUES + " values when aliases are written out",
                    "use fewer aliases");
        }
        if (!open.add(node)) {
            throw text.fault(mark, "this value contains itself by an alias", "write the values out");
        }
        try {
            return switch (node) {
                case ScalarNode scalar -> scalar(mark, scalar, remark);
                case SequenceNode sequence -> sequence(mark, sequence, remark);
                case MappingNode mapping -> mapping(mark, mapping, remark);
                default -> throw new IllegalStateException("the composer makes no other nodes: " + node.getNodeId());
            };
        } finally {
            open.remove(node);
        }
    }

    private Node scalar(Mark mark, ScalarNode scalar, Remark remark) {
        String written = scalar.getValue();
        if (scalar.getTag().equals(Tag.BINARY)) {
            return new Scalar(mark, Kind.TEXT, decoded(mark, written), written, remark);
        }
        Kind kind = CoreSchema.kindOf(scalar.getTag())
                .orElseThrow(() -> text.fault(
                        mark, "the tag " + scalar.getTag().getValue() + " means nothing here", "remove the tag"));
        if (kind != Kind.TEXT && CoreSchema.kindOf(written) != kind) {
            throw text.fault(mark, "\"" + written + "\" is not " + kind.words() + " as its tag says", "remove the tag");
        }
        return new Scalar(mark, kind, CoreSchema.canonical(kind, written), written, remark);
    }

    private String decoded(Mark mark, String base64) {
        try {
            byte[] bytes = Base64.getDecoder().decode(BLANKS.matcher(base64).replaceAll(""));
            return new String(bytes, StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            throw text.fault(
                    mark,
                    "this !!binary value is not base64: " + e.getMessage(),
                    "write the text itself, without the tag");
        }
    }

    private Node sequence(Mark mark, SequenceNode sequence, Remark remark) {
        checkTag(mark, sequence.getTag(), Tag.SEQ);
        List<Node> items = new ArrayList<>();
        sequence.getValue().forEach(item -> items.add(read(item)));
        return new Sequence(mark, items, remark);
    }

    private Node mapping(Mark mark, MappingNode node, Remark remark) {
        checkTag(mark, node.getTag(), Tag.MAP);
        Mapping mapping = new Mapping(mark, remark);
        mapping.setLast(remark(node.getEndComments(), null));
        Map<String, Mapping> merged = new LinkedHashMap<>();
        for (NodeTuple tuple : node.getValue()) {
            Mark keyMark = text.mark(tuple.getKeyNode().getStartMark());
            if (!(tuple.getKeyNode() instanceof ScalarNode key) || key.getTag().equals(Tag.NULL)) {
                throw text.fault(keyMark, "a key must be a word", "quote it if it is meant as text");
            }
            if (key.getValue().equals("<<") && key.isPlain()) {
                merge(keyMark, read(tuple.getValueNode()), merged);
            } else if (mapping.has(key.getValue())) {
                throw text.fault(
                        keyMark,
                        "the key \"" + key.getValue() + "\" is here for the second time; the first is in line "
                                + mapping.keyMark(key.getValue()).line(),
                        "remove one of them");
            } else {
                mapping.put(key.getValue(), keyMark, read(tuple.getValueNode(), remark(tuple)));
            }
        }
        merged.forEach((key, from) -> {
            Node value = from.get(key);
            if (value != null && !mapping.has(key)) {
                mapping.put(key, from.keyMark(key), value);
            }
        });
        return mapping;
    }

    /** The merge key of YAML 1.1, which parsers of 1.2 keep: of several mappings the first that has a key wins. */
    private void merge(Mark keyMark, Node value, Map<String, Mapping> merged) {
        switch (value) {
            case Mapping from -> from.entries().keySet().forEach(key -> merged.putIfAbsent(key, from));
            case Sequence several -> several.items().forEach(item -> merge(keyMark, item, merged));
            case Scalar scalar -> throw text.fault(keyMark, "<< needs a mapping, usually an alias", "write <<: *name");
        }
    }

    private void checkTag(Mark mark, Tag tag, Tag expected) {
        if (!tag.equals(expected)) {
            throw text.fault(mark, "the tag " + tag.getValue() + " means nothing here", "remove the tag");
        }
    }
}
