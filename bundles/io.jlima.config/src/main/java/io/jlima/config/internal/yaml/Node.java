// SPDX-License-Identifier: Apache-2.0
package io.jlima.config.internal.yaml;

import java.util.List;

/** A value of a YAML document. */
public sealed interface Node permits Node.Scalar, Node.Sequence, Mapping {
    /** Where the value begins. */
    Mark mark();

    /** The comments that belong to it. */
    Remark remark();

    /** What a scalar is by the core schema of YAML 1.2. */
    enum Kind {
        NULL("null"),
        BOOL("a boolean"),
        INT("a whole number"),
        FLOAT("a number with a fraction"),
        TEXT("text");

        private final String words;

        Kind(String words) {
            this.words = words;
        }

        /** For messages. */
        public String words() {
            return words;
        }
    }

    /**
     * @param text canonical for booleans ({@code true}), integers (decimal) and floats; otherwise as written
     * @param written the characters in the file, without quotes
     */
    record Scalar(Mark mark, Kind kind, String text, String written, Remark remark) implements Node {
        /** A value without comments. */
        public Scalar(Mark mark, Kind kind, String text, String written) {
            this(mark, kind, text, written, Remark.NONE);
        }

        /** A value that nobody wrote. */
        public static Scalar of(String text) {
            return new Scalar(Mark.BUILT_IN, Kind.TEXT, text, text);
        }

        public static Scalar of(boolean value) {
            return new Scalar(Mark.BUILT_IN, Kind.BOOL, String.valueOf(value), String.valueOf(value));
        }

        public static Scalar of(long value) {
            return new Scalar(Mark.BUILT_IN, Kind.INT, String.valueOf(value), String.valueOf(value));
        }

        /** The same place with another text. */
        public Scalar withText(String newText) {
            return new Scalar(mark, Kind.TEXT, newText, newText, remark);
        }
    }

    /** @param items may be changed by the owner of the tree */
    record Sequence(Mark mark, List<Node> items, Remark remark) implements Node {
        /** A list without comments. */
        public Sequence(Mark mark, List<Node> items) {
            this(mark, items, Remark.NONE);
        }

        /** The same list with other items. */
        public Sequence withItems(List<Node> others) {
            return new Sequence(mark, others, remark);
        }
    }

    /** True for null in any spelling. */
    default boolean isNull() {
        return this instanceof Scalar scalar && scalar.kind == Kind.NULL;
    }

    /** For messages: what it is and, for a scalar, how it is written. */
    default String described() {
        return switch (this) {
            case Scalar scalar ->
                switch (scalar.kind) {
                    case NULL -> "null";
                    case TEXT -> "the text \"" + shortened(scalar.written) + "\"";
                    default -> shortened(scalar.written);
                };
            case Sequence s -> "a list";
            case Mapping m -> "a mapping";
        };
    }

    private static String shortened(String text) {
        return text.length() <= 60 ? text : text.substring(0, 60) + "…";
    }
}
