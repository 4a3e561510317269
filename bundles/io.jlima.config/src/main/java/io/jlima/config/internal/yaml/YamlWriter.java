// SPDX-License-Identifier: Apache-2.0
package io.jlima.config.internal.yaml;

import io.jlima.config.internal.yaml.Node.Kind;
import io.jlima.config.internal.yaml.Node.Scalar;
import io.jlima.config.internal.yaml.Node.Sequence;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import org.yaml.snakeyaml.DumperOptions;
import org.yaml.snakeyaml.DumperOptions.FlowStyle;
import org.yaml.snakeyaml.DumperOptions.ScalarStyle;
import org.yaml.snakeyaml.emitter.Emitter;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;
import org.yaml.snakeyaml.nodes.Tag;
import org.yaml.snakeyaml.serializer.Serializer;

/** Writes a tree as YAML 1.2 text that reads back as the same tree. */
public final class YamlWriter {
    private YamlWriter() {}

    public static String write(Mapping document) {
        DumperOptions options = new DumperOptions();
        options.setDefaultFlowStyle(FlowStyle.BLOCK);
        options.setSplitLines(false);
        options.setWidth(Integer.MAX_VALUE);
        StringWriter text = new StringWriter();
        try {
            Serializer serializer = new Serializer(new Emitter(text, options), new CoreSchema(), options, null);
            serializer.open();
            serializer.serialize(node(document));
            serializer.close();
        } catch (IOException e) {
            throw new UncheckedIOException("a StringWriter does not fail", e);
        }
        return text.toString();
    }

    private static org.yaml.snakeyaml.nodes.Node node(Node node) {
        return switch (node) {
            case Scalar scalar -> scalar(scalar.kind(), plainText(scalar));
            case Sequence sequence -> {
                List<org.yaml.snakeyaml.nodes.Node> items = new ArrayList<>();
                sequence.items().forEach(item -> items.add(node(item)));
                yield new SequenceNode(Tag.SEQ, items, items.isEmpty() ? FlowStyle.FLOW : FlowStyle.BLOCK);
            }
            case Mapping mapping -> {
                List<NodeTuple> tuples = new ArrayList<>();
                mapping.entries()
                        .forEach((key, value) -> tuples.add(new NodeTuple(scalar(Kind.TEXT, key), node(value))));
                yield new MappingNode(Tag.MAP, tuples, tuples.isEmpty() ? FlowStyle.FLOW : FlowStyle.BLOCK);
            }
        };
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
        ScalarStyle style = kind == Kind.TEXT && text.contains("\n")
                ? ScalarStyle.LITERAL
                : kind == Kind.TEXT && CoreSchema.kindOf(text) != Kind.TEXT
                        ? ScalarStyle.DOUBLE_QUOTED
                        : ScalarStyle.PLAIN;
        return new ScalarNode(CoreSchema.tag(kind), text, null, null, style);
    }
}
