// SPDX-License-Identifier: Apache-2.0
package io.jlima.config.internal.yaml;

import io.jlima.config.internal.yaml.Node.Kind;
import io.jlima.config.internal.yaml.Node.Scalar;
import io.jlima.config.internal.yaml.Node.Sequence;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A mapping with text keys in the order of the file. Mutable; belongs to one resolution. */
public final class Mapping implements Node {
    private final Mark mark;
    private final Remark remark;
    private Remark last = Remark.NONE;
    private final Map<String, Node> entries = new LinkedHashMap<>();
    private final Map<String, Mark> keyMarks = new HashMap<>();
    private final Set<String> faulty = new HashSet<>();

    public Mapping(Mark mark) {
        this(mark, Remark.NONE);
    }

    Mapping(Mark mark, Remark remark) {
        this.mark = mark;
        this.remark = remark;
    }

    /** A mapping that nobody wrote. */
    public Mapping() {
        this(Mark.BUILT_IN);
    }

    @Override
    public Mark mark() {
        return mark;
    }

    @Override
    public Remark remark() {
        return remark;
    }

    /** Comments behind the last entry of a document. */
    Remark last() {
        return last;
    }

    void setLast(Remark comments) {
        last = comments;
    }

    public Map<String, Node> entries() {
        return entries;
    }

    public Mapping put(String key, Mark keyMark, Node value) {
        entries.put(key, value);
        keyMarks.put(key, keyMark);
        return this;
    }

    /** Puts a value at the place of the key, if the key was written, else at the value's own. */
    public Mapping put(String key, Node value) {
        entries.put(key, value);
        keyMarks.putIfAbsent(key, value.mark());
        return this;
    }

    public void remove(String key) {
        entries.remove(key);
    }

    /** Remembers where a key stands that has no value. */
    public void addKey(String key, Mark keyMark) {
        keyMarks.put(key, keyMark);
    }

    /** Remembers that a value was given but could not be used, so that nobody reports it as missing. */
    public void addFaulty(String key) {
        faulty.add(key);
    }

    public boolean isFaulty(String key) {
        return faulty.contains(key);
    }

    public boolean has(String key) {
        return entries.containsKey(key);
    }

    public @Nullable Node get(String key) {
        return entries.get(key);
    }

    /** Where the value stands; the whole mapping's place when there is no such key. */
    public Mark markOf(String key) {
        Node value = entries.get(key);
        return value == null || value.mark() == Mark.BUILT_IN ? keyMark(key) : value.mark();
    }

    /** Where the key stands; the whole mapping's place when there is none. */
    public Mark keyMark(String key) {
        Mark keyMark = keyMarks.getOrDefault(key, mark);
        return keyMark == Mark.BUILT_IN ? mark : keyMark;
    }

    /** Puts the value where none is. */
    public void fill(String key, Node value) {
        entries.putIfAbsent(key, value);
    }

    public void fill(String key, String value) {
        fill(key, Scalar.of(value));
    }

    public void fill(String key, boolean value) {
        fill(key, Scalar.of(value));
    }

    public void fill(String key, long value) {
        fill(key, Scalar.of(value));
    }

    /** The text of a scalar, null when there is none. */
    public @Nullable String text(String key) {
        return entries.get(key) instanceof Scalar scalar && scalar.kind() != Kind.NULL ? scalar.text() : null;
    }

    /** The text of a scalar that has been filled in. */
    public String filledText(String key) {
        return Objects.requireNonNull(text(key), key);
    }

    /** The boolean; false when there is none. */
    public boolean flag(String key) {
        return "true".equals(text(key));
    }

    /** The integer; 0 when there is none. */
    public long number(String key) {
        String text = text(key);
        return text == null ? 0 : Long.parseLong(text);
    }

    /** The integer, known to be in the range of an int; 0 when there is none. */
    public int integer(String key) {
        return Math.toIntExact(number(key));
    }

    /** The mapping below this key, made if there is none. */
    public Mapping section(String key) {
        if (entries.get(key) instanceof Mapping mapping) {
            return mapping;
        }
        Mapping made = new Mapping(keyMark(key));
        entries.put(key, made);
        return made;
    }

    /** The mapping below this key to look at; an empty one, which is not put there, when there is none. */
    public Mapping look(String key) {
        return entries.get(key) instanceof Mapping mapping ? mapping : new Mapping(keyMark(key));
    }

    /** The sequence below this key, made if there is none. */
    public Sequence sequence(String key) {
        if (entries.get(key) instanceof Sequence sequence) {
            return sequence;
        }
        Sequence made = new Sequence(keyMark(key), new ArrayList<>());
        entries.put(key, made);
        return made;
    }

    /** The mappings in the list below this key; empty when there is none. */
    public List<Mapping> mappings(String key) {
        return entries.get(key) instanceof Sequence sequence
                ? sequence.items().stream()
                        .filter(Mapping.class::isInstance)
                        .map(Mapping.class::cast)
                        .toList()
                : List.of();
    }

    /** The scalars in the list below this key, as text; empty when there is none. */
    public List<String> texts(String key) {
        return entries.get(key) instanceof Sequence sequence
                ? sequence.items().stream()
                        .filter(Scalar.class::isInstance)
                        .map(item -> ((Scalar) item).text())
                        .toList()
                : List.of();
    }

    /** The scalars in the mapping below this key, as text; empty when there is none. */
    public Map<String, String> textMap(String key) {
        Map<String, String> texts = new LinkedHashMap<>();
        if (entries.get(key) instanceof Mapping mapping) {
            mapping.entries.forEach((name, value) -> {
                if (value instanceof Scalar scalar && scalar.kind() != Kind.NULL) {
                    texts.put(name, scalar.text());
                }
            });
        }
        return texts;
    }

    @Override
    public String toString() {
        return entries.toString();
    }
}
