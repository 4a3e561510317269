// SPDX-License-Identifier: Apache-2.0
package io.jlima.expression.internal;

import com.fasterxml.jackson.databind.JsonNode;
import io.jlima.api.LimaException;
import java.time.Duration;
import net.thisptr.jackson.jq.Expression;
import net.thisptr.jackson.jq.Function;
import net.thisptr.jackson.jq.Scope;
import net.thisptr.jackson.jq.exception.JsonQueryException;

/** Lets one evaluation go on while it is short and what it makes is small. Used once, by one thread. */
final class Watch {
    private static final Duration LONGEST = Duration.ofSeconds(2);

    /** Values of a tree, a text of twenty characters counting as one more; a lima.yaml has hundreds. */
    private static final long LARGEST = 400_000;

    private static final int CHARACTERS_PER_VALUE = 20;

    /** Characters and items of all sums and joined texts together. */
    private static final long MOST_MADE = 16_000_000;

    /** A list is filled up with nulls to the place that is written to. */
    private static final long HIGHEST_INDEX = 10_000;

    private final long deadline = System.nanoTime() + LONGEST.toNanos();
    private long made;

    /** Puts in the functions by which an expression asks whether it may go on. */
    void install(Scope scope) {
        scope.addFunction("_eq", 2, new Equality(true, this));
        scope.addFunction("_ne", 2, new Equality(false, this));
        // After each pipe.
        scope.addFunction("_go_on", 0, (inner, arguments, in, path, output, version) -> {
            check(in);
            output.emit(in, path);
        });
        // Around what becomes a part of a text.
        scope.addFunction(
                "_part",
                1,
                (inner, arguments, in, path, output, version) -> arguments
                        .getFirst()
                        .apply(inner, in, part -> {
                            make(extent(part));
                            output.emit(part, null);
                        }));
        scope.addFunction(
                "_index",
                1,
                (inner, arguments, in, path, output, version) -> arguments
                        .getFirst()
                        .apply(inner, in, index -> {
                            checkIndex(index);
                            output.emit(index, null);
                        }));
        // Before a sum, a product and a joined list.
        scope.addFunction("_may_add", 2, pair((a, b) -> make(extent(a) + extent(b))));
        scope.addFunction("_may_repeat", 2, pair((a, b) -> make(repeated(a, b) + repeated(b, a))));
        scope.addFunction("_may_join", 2, pair((a, b) -> make((extent(a) + 1) * (extent(b) + 1))));
    }

    private interface Check {
        void of(JsonNode a, JsonNode b);
    }

    /** A function that looks at its two arguments and gives back its input. */
    private static Function pair(Check check) {
        return (scope, arguments, in, path, output, version) -> {
            check.of(only(arguments.get(0), scope, in), only(arguments.get(1), scope, in));
            output.emit(in, path);
        };
    }

    /** The value of a variable, which is always one. */
    private static JsonNode only(Expression argument, Scope scope, JsonNode in) throws JsonQueryException {
        JsonNode[] value = {in};
        argument.apply(scope, in, v -> value[0] = v);
        return value[0];
    }

    private static long extent(JsonNode node) {
        return node.isTextual() ? node.textValue().length() : node.size();
    }

    private static long repeated(JsonNode text, JsonNode times) {
        return text.isTextual() && times.isNumber()
                ? (long) Math.min(1e15, Math.abs(times.doubleValue()) * extent(text))
                : 0;
    }

    private void make(long extent) {
        made += extent;
        if (made > MOST_MADE) {
            throw new LimaException("the expression makes a text or list that is too large");
        }
    }

    private static void checkIndex(JsonNode index) {
        if (index.isNumber() && index.doubleValue() > HIGHEST_INDEX) {
            throw new LimaException("the index " + index + " is too high", "lists have at most " + HIGHEST_INDEX);
        }
        index.forEach(Watch::checkIndex);
    }

    /** Refuses to go on after too long a time or with too large a tree, however often its parts are shared. */
    void check(JsonNode tree) {
        checkTime();
        if (size(tree, 0) > LARGEST) {
            throw new LimaException("the expression makes a tree that is too large");
        }
    }

    /** Refuses to go on after too long a time. */
    void checkTime() {
        if (System.nanoTime() - deadline > 0) {
            throw new LimaException("the expression takes more than " + LONGEST.toSeconds() + " seconds");
        }
    }

    private static long size(JsonNode node, long before) {
        long size = before + 1;
        if (node.isTextual()) {
            return size + node.textValue().length() / CHARACTERS_PER_VALUE;
        }
        for (JsonNode child : node) {
            size = size(child, size);
            if (size > LARGEST) {
                return size;
            }
        }
        return size;
    }
}
