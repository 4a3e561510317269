// SPDX-License-Identifier: Apache-2.0
package io.jlima.expression.internal;

import com.fasterxml.jackson.databind.JsonNode;
import io.jlima.api.LimaException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Lets one evaluation go on while it is short and what it makes is small. All that it does is counted as work: a step
 * as one and as much as the value has that it takes on, so that the same expression ends at the same place on every
 * machine; the clock is only for what nobody thought of. Used once, by one thread.
 */
final class Watch {
    /**
     * What one evaluation may cost.
     *
     * @param work steps, values looked at, and characters of texts put together
     * @param values of one tree, {@value #CHARACTERS_PER_VALUE} characters of a text counting as one more
     * @param time how long it may take on a machine however slow
     */
    record Limits(long work, long values, Duration time) {
        /** A lima.yaml has hundreds of values, a long edit some thousand steps. */
        static final Limits USUAL = new Limits(20_000_000, 20_000, Duration.ofSeconds(10));
    }

    private static final int CHARACTERS_PER_VALUE = 100;

    /** Work between two looks at the clock. */
    private static final long WORK_PER_LOOK = 256;

    /** The watch of the evaluation that this thread is at: the functions of all evaluations are the same. */
    static final ScopedValue<Watch> CURRENT = ScopedValue.newInstance();

    private final Limits limits;
    private final long deadline;
    private long work;
    private long nextLook;
    private long results;
    private @Nullable JsonNode last;

    Watch(Limits limits) {
        this.limits = limits;
        deadline = System.nanoTime() + limits.time().toNanos();
    }

    static Watch current() {
        return CURRENT.get();
    }

    /** Goes on with a value, unless too much was done or the value is too large, however often its parts are shared. */
    void step(JsonNode value) {
        if (value == last) {
            spend(1);
            return;
        }
        long size = size(value, 0);
        spend(size);
        if (size > limits.values()) {
            throw tooLarge();
        }
        last = value;
    }

    /** A value that is one of the results. */
    void result(JsonNode value) {
        step(value);
        results += size(value, 0);
        if (results > 4 * limits.values()) {
            throw tooLarge();
        }
    }

    private static LimaException tooLarge() {
        return new LimaException("the expression makes a text or tree that is too large");
    }

    /** Refuses to go on when it costs more than is left. */
    void spend(long cost) {
        work += Math.max(1, cost);
        if (work > limits.work()) {
            throw new LimaException("the expression takes too many steps");
        }
        if (work >= nextLook) {
            nextLook = work + WORK_PER_LOOK;
            if (System.nanoTime() - deadline > 0) {
                throw new LimaException(
                        "the expression takes more than " + limits.time().toSeconds() + " seconds");
            }
        }
    }

    /**
     * Refuses what is about to be made when it is too large.
     *
     * @param extent characters or items
     */
    void make(long extent) {
        if (extent / CHARACTERS_PER_VALUE > limits.values()) {
            throw tooLarge();
        }
        spend(extent);
    }

    /** One text is looked for in another, at each place in the worst case. */
    void search(JsonNode in, JsonNode what) {
        spend(extent(in) / 8 * extent(what) / 8);
    }

    static long extent(JsonNode node) {
        return node.isTextual() ? node.textValue().length() : node.size();
    }

    /** Goes on with an index: a list is filled up with nulls to the place that is written to. */
    void index(JsonNode index) {
        step(index);
        if (index.isNumber() && index.doubleValue() > limits.values()) {
            throw new LimaException("the index " + index + " is too high", "lists have at most " + limits.values());
        }
        index.forEach(this::index);
    }

    private long size(JsonNode node, long before) {
        long size = before + 1;
        if (node.isTextual()) {
            return size + node.textValue().length() / CHARACTERS_PER_VALUE;
        }
        for (JsonNode child : node) {
            size = size(child, size);
            if (size > limits.values()) {
                return size;
            }
        }
        return size;
    }
}
