// SPDX-License-Identifier: Apache-2.0
package io.jlima.config.internal.edit;

import io.jlima.config.internal.yaml.Mapping;
import io.jlima.config.internal.yaml.Node;
import java.util.ArrayList;
import java.util.List;
import org.yaml.snakeyaml.nodes.CollectionNode;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.SequenceNode;

/** Changes between brackets and braces, where commas and not lines part the values. */
final class FlowChange {
    private final SourceDocument document;
    private final TextEdits edits;
    private final Rendering rendering;

    FlowChange(SourceDocument document, TextEdits edits, Rendering rendering) {
        this.document = document;
        this.edits = edits;
        this.rendering = rendering;
    }

    /** The first {@code head} and last {@code tail} items stay, the next {@code paired} become others. */
    void sequence(SequenceNode node, List<Node> from, List<Node> to, int head, int paired, int tail) {
        List<org.yaml.snakeyaml.nodes.Node> items = node.getValue();
        for (int i = head; i < head + paired; i++) {
            value(items.get(i), to.get(i));
        }
        for (int i = head + paired; i < from.size() - tail; i++) {
            delete(node, start(items, i), document.end(items.get(i)), i + 1 < items.size() ? start(items, i + 1) : -1);
        }
        List<Node> added = to.subList(head + paired, to.size() - tail);
        StringBuilder text = new StringBuilder();
        if (head + paired > 0) {
            added.forEach(item -> text.append(", ").append(rendering.inline(item)));
            edits.insert(document.end(items.get(head + paired - 1)), text.toString());
        } else if (!added.isEmpty()) {
            added.forEach(item -> text.append(rendering.inline(item)).append(", "));
            edits.insert(start(items, 0), text.toString());
        }
    }

    private int start(List<org.yaml.snakeyaml.nodes.Node> items, int index) {
        return document.start(items.get(index));
    }

    /** Entries go, come and change. */
    void mapping(MappingNode node, Mapping now, Mapping wanted) {
        List<NodeTuple> entries = node.getValue();
        List<String> written = new ArrayList<>();
        int lastKept = -1;
        for (int i = 0; i < entries.size(); i++) {
            NodeTuple entry = entries.get(i);
            String key = Difference.key(entry);
            written.add(key);
            Node from = now.get(key);
            Node to = wanted.get(key);
            if (to == null) {
                int next = i + 1 < entries.size()
                        ? document.start(entries.get(i + 1).getKeyNode())
                        : -1;
                delete(node, document.start(entry.getKeyNode()), document.end(entry), next);
                continue;
            }
            lastKept = i;
            if (from != null && !PlainTrees.equal(from, to)) {
                document.refuseAlias(entry);
                value(entry.getValueNode(), to);
            }
        }
        if (lastKept < 0) {
            throw new CannotEdit("a mapping of which nothing stays");
        }
        int end = document.end(entries.get(lastKept));
        wanted.entries().forEach((key, value) -> {
            if (!written.contains(key)) {
                edits.insert(end, ", " + rendering.key(key) + ": " + rendering.inline(value));
            }
        });
    }

    /** A value between brackets becomes another. */
    void value(org.yaml.snakeyaml.nodes.Node node, Node to) {
        if (node.getAnchor() != null) {
            throw new CannotEdit("a value that is used twice");
        }
        int start = document.start(node);
        int end = document.end(node);
        String blank = start == end ? " " : "";
        edits.replace(start, end, blank + rendering.inline(to));
    }

    /** With the comma that parts it from the next, or else from the one before. */
    private void delete(CollectionNode<?> node, int start, int end, int next) {
        if (next >= 0) {
            edits.delete(start, next);
            return;
        }
        int comma = start - 1;
        while (comma > document.start(node)
                && Character.isWhitespace(document.text().charAt(comma))) {
            comma--;
        }
        // A comment between the comma and the last value stays, and so does the comma, which may be the last thing.
        boolean sameLine = document.lineStart(comma) == document.lineStart(start);
        edits.delete(document.text().charAt(comma) == ',' && sameLine ? comma : start, end);
    }
}
