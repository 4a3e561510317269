// SPDX-License-Identifier: Apache-2.0
package io.jlima.config.internal.edit;

import io.jlima.config.internal.yaml.Node;
import io.jlima.config.internal.yaml.Node.Kind;
import io.jlima.config.internal.yaml.Node.Scalar;
import org.yaml.snakeyaml.DumperOptions.ScalarStyle;
import org.yaml.snakeyaml.nodes.ScalarNode;

/** Puts one value in the place of another, leaving a comment behind it where it is. */
final class ValueChange {
    private final SourceDocument document;
    private final TextEdits edits;
    private final Rendering rendering;

    ValueChange(SourceDocument document, TextEdits edits, Rendering rendering) {
        this.document = document;
        this.edits = edits;
        this.rendering = rendering;
    }

    /**
     * Where a value stands.
     *
     * @param behind behind the colon or dash that introduces it
     * @param parts the new value as it is written here
     */
    record Place(int behind, Rendering.Parts parts) {}

    void replace(org.yaml.snakeyaml.nodes.Node node, Node to, Place place) {
        if (SourceDocument.isBlock(node)) {
            replaceBlock(node, place);
        } else {
            replaceInline(node, to, place);
        }
    }

    private void replaceInline(org.yaml.snakeyaml.nodes.Node node, Node to, Place place) {
        int start = document.start(node);
        int end = document.end(node);
        Rendering.Parts parts = place.parts();
        if (parts.rest().isEmpty()) {
            if (start == end) {
                edits.insert(place.behind(), parts.head());
            } else {
                edits.replace(start, end, quotedAlike(node, to, parts.head().strip()));
            }
            return;
        }
        // What follows in the line can only be a comment; the lines of the new value come below it.
        edits.replace(place.behind(), Math.max(end, place.behind()), parts.head());
        edits.insert(document.lineEnd(Math.max(end, place.behind())), parts.rest());
    }

    /** A text that was in quotes stays in such quotes. */
    private String quotedAlike(org.yaml.snakeyaml.nodes.Node node, Node to, String plain) {
        if (node instanceof ScalarNode old && to instanceof Scalar scalar && scalar.kind() == Kind.TEXT) {
            if (old.getScalarStyle() == ScalarStyle.DOUBLE_QUOTED) {
                return Rendering.quoted(scalar.text());
            }
            boolean printed = scalar.text().codePoints().allMatch(Rendering::isPrinted);
            if (old.getScalarStyle() == ScalarStyle.SINGLE_QUOTED && printed) {
                return Rendering.singleQuoted(scalar.text());
            }
        }
        return plain;
    }

    /** The lines of the old value go; what introduces them, with its comment, stays. */
    private void replaceBlock(org.yaml.snakeyaml.nodes.Node node, Place place) {
        int start = document.start(node);
        int end = document.end(node);
        Rendering.Parts parts = place.parts();
        boolean ownLine = document.lineStart(start) > document.lineStart(place.behind());
        if (ownLine) {
            edits.insert(place.behind(), parts.head());
            edits.replace(document.previousLineEnd(document.lineStart(start)), document.lineEnd(end), parts.rest());
        } else if (node instanceof ScalarNode) {
            // The header of a text in lines: a sign and its modifiers.
            int header = start;
            while (header < document.text().length()
                    && "|>+-0123456789".indexOf(document.text().charAt(header)) >= 0) {
                header++;
            }
            edits.replace(place.behind(), header, parts.head());
            edits.replace(document.lineEnd(header), document.lineEnd(end), parts.rest());
        } else {
            edits.replace(place.behind(), document.lineEnd(end), parts.all());
        }
    }
}
