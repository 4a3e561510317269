// SPDX-License-Identifier: Apache-2.0
package io.jlima.config.internal.edit;

import io.jlima.config.internal.yaml.Mapping;
import io.jlima.config.internal.yaml.Node;
import io.jlima.config.internal.yaml.Node.Sequence;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;

/** Walks a tree and the tree that it is to become, and notes what to change in the text. */
final class Difference {
    private final SourceDocument document;
    private final TextEdits edits;
    private final boolean wholeEntries;
    private final Rendering rendering;
    private final ValueChange values;
    private final FlowChange flows;

    /** @param wholeEntries whether each changed entry is written anew, without looking into it */
    Difference(SourceDocument document, TextEdits edits, boolean wholeEntries) {
        this.document = document;
        this.edits = edits;
        this.wholeEntries = wholeEntries;
        this.rendering = new Rendering(indentedDashes(document), document.lineEnd());
        this.values = new ValueChange(document, edits, rendering);
        this.flows = new FlowChange(document, edits, rendering);
    }

    /** As the first list of the text has it; where there is none, as Lima does. */
    private static boolean indentedDashes(SourceDocument document) {
        return document.root() instanceof MappingNode root
                && root.getValue().stream()
                        .filter(e -> e.getValueNode() instanceof SequenceNode list && !SourceDocument.isFlow(list))
                        .findFirst()
                        .map(e -> document.column(document.start(e.getValueNode()))
                                > document.column(document.start(e.getKeyNode())))
                        .orElse(false);
    }

    void mapping(MappingNode node, Mapping now, Mapping wanted) {
        if (SourceDocument.isFlow(node)) {
            flowMapping(node, now, wanted);
            return;
        }
        List<NodeTuple> kept = new ArrayList<>();
        List<NodeTuple> gone = new ArrayList<>();
        Set<String> written = new HashSet<>();
        for (NodeTuple entry : node.getValue()) {
            String key = key(entry);
            written.add(key);
            boolean stays = wanted.has(key) || key.equals("<<") && !now.has(key);
            (stays ? kept : gone).add(entry);
        }
        kept.forEach(entry -> entry(entry, now, wanted));
        gone.forEach(entry -> deleteEntry(node, entry));
        int column = document.column(document.start(node));
        int end = kept.isEmpty() ? before(node) : document.lineEnd(document.end(kept.getLast()));
        wanted.entries().forEach((key, value) -> {
            if (!written.contains(key) && !PlainTrees.equal(now.get(key), value)) {
                edits.insert(
                        end,
                        rendering.lineEnd() + " ".repeat(column) + rendering.blockKey(key) + ":"
                                + rendering.value(column, value).all());
            }
        });
    }

    /** Where new entries come when none of the old ones stays: in their place, below the comments above them. */
    private int before(MappingNode node) {
        int start = document.lineStart(document.start(node));
        if (start == 0 || !document.isFirstInLine(document.start(node))) {
            throw new CannotEdit("a mapping with nothing before it, of which nothing stays");
        }
        return document.previousLineEnd(start);
    }

    private void entry(NodeTuple entry, Mapping now, Mapping wanted) {
        String key = key(entry);
        Node from = now.get(key);
        Node to = wanted.get(key);
        if (from == null || to == null || PlainTrees.equal(from, to)) {
            return;
        }
        document.refuseAlias(entry);
        int column = document.column(document.start(entry.getKeyNode()));
        value(
                entry.getValueNode(),
                from,
                to,
                new ValueChange.Place(document.afterColon(entry), rendering.value(column, to)));
    }

    private void value(org.yaml.snakeyaml.nodes.Node node, Node from, Node to, ValueChange.Place place) {
        if (!wholeEntries
                && node instanceof MappingNode mapping
                && to instanceof Mapping target
                && shares(mapping, target)) {
            mapping(mapping, (Mapping) from, target);
            return;
        }
        if (!wholeEntries
                && node instanceof SequenceNode list
                && to instanceof Sequence target
                && !list.getValue().isEmpty()
                && !target.items().isEmpty()) {
            sequence(list, ((Sequence) from).items(), target.items());
            return;
        }
        values.replace(node, to, place);
    }

    private static boolean shares(MappingNode mapping, Mapping target) {
        return mapping.getValue().stream().anyMatch(e -> target.has(key(e)));
    }

    private void deleteEntry(MappingNode node, NodeTuple entry) {
        int start = document.start(entry.getKeyNode());
        if (document.isFirstInLine(start)) {
            deleteLines(start, document.end(entry));
            return;
        }
        // The first entry of a list item stands behind the dash; the next one takes its place.
        int next = node.getValue().indexOf(entry) + 1;
        if (next == node.getValue().size()) {
            throw new CannotEdit("the only entry behind a dash");
        }
        edits.delete(start, document.start(node.getValue().get(next).getKeyNode()));
    }

    private void deleteLines(int start, int end) {
        int lineStart = document.lineStart(start);
        int lineEnd = document.lineEnd(end);
        if (lineStart == 0) {
            int next = document.text().indexOf('\n', lineEnd);
            edits.delete(0, next < 0 ? document.text().length() : next + 1);
        } else {
            edits.delete(document.previousLineEnd(lineStart), lineEnd);
        }
    }

    private void sequence(SequenceNode node, List<Node> from, List<Node> to) {
        int common = Math.min(from.size(), to.size());
        int head = 0;
        while (head < common && PlainTrees.equal(from.get(head), to.get(head))) {
            head++;
        }
        int tail = 0;
        while (tail < common - head
                && PlainTrees.equal(from.get(from.size() - 1 - tail), to.get(to.size() - 1 - tail))) {
            tail++;
        }
        int paired = Math.min(from.size(), to.size()) - head - tail;
        if (SourceDocument.isFlow(node)) {
            flows.sequence(node, from, to, head, paired, tail);
            return;
        }
        for (int i = head; i < head + paired; i++) {
            item(node, i, from.get(i), to.get(i));
        }
        for (int i = head + paired; i < from.size() - tail; i++) {
            deleteItem(node, i);
        }
        insertItems(node, head + paired, to.subList(head + paired, to.size() - tail));
    }

    private void item(SequenceNode node, int index, Node from, Node to) {
        org.yaml.snakeyaml.nodes.Node item = node.getValue().get(index);
        if (item.getAnchor() != null) {
            throw new CannotEdit("a value that is used twice");
        }
        int dash = document.dash(node, index);
        value(item, from, to, new ValueChange.Place(dash + 1, rendering.item(document.column(dash), to)));
    }

    private void deleteItem(SequenceNode node, int index) {
        int dash = document.dash(node, index);
        int end = document.end(node.getValue().get(index));
        if (document.isFirstInLine(dash)) {
            deleteLines(dash, Math.max(end, dash));
        } else if (index + 1 < node.getValue().size()) {
            edits.delete(dash, document.dash(node, index + 1));
        } else {
            throw new CannotEdit("the only item of a list behind a dash");
        }
    }

    private void insertItems(SequenceNode node, int index, List<Node> items) {
        if (items.isEmpty()) {
            return;
        }
        int first = document.dash(node, 0);
        int column = document.column(first);
        String indent = " ".repeat(column);
        StringBuilder text = new StringBuilder();
        for (Node item : items) {
            text.append(rendering.lineEnd())
                    .append(indent)
                    .append('-')
                    .append(rendering.item(column, item).all());
        }
        if (index > 0) {
            int before = document.end(node.getValue().get(index - 1));
            edits.insert(document.lineEnd(Math.max(before, document.dash(node, index - 1))), text.toString());
        } else if (document.isFirstInLine(first) && document.lineStart(first) > 0) {
            edits.insert(document.previousLineEnd(document.lineStart(first)), text.toString());
        } else {
            // Behind another dash, or at the very beginning: the new item takes the place of the old first.
            int lead = rendering.lineEnd().length() + indent.length();
            edits.insert(first, text.substring(lead) + rendering.lineEnd() + indent);
        }
    }

    private void flowMapping(MappingNode node, Mapping now, Mapping wanted) {
        boolean sameKeys = node.getValue().stream().allMatch(e -> wanted.has(key(e)))
                && node.getValue().size() == wanted.entries().size();
        if (!sameKeys) {
            flows.mapping(node, now, wanted);
            return;
        }
        for (NodeTuple entry : node.getValue()) {
            Node from = now.get(key(entry));
            Node to = wanted.get(key(entry));
            if (from == null || to == null || PlainTrees.equal(from, to)) {
                continue;
            }
            document.refuseAlias(entry);
            flows.value(entry.getValueNode(), to);
        }
    }

    static String key(NodeTuple entry) {
        if (entry.getKeyNode() instanceof ScalarNode key) {
            return key.getValue();
        }
        throw new CannotEdit("a key that is no word");
    }
}
