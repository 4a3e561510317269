// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.template;

import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** How Go looks at values: which are true, which are equal, and how they are printed. */
final class Values {
    private Values() {}

    static boolean isTrue(@Nullable Object value) {
        return switch (value) {
            case null -> false;
            case Boolean truth -> truth;
            case String text -> !text.isEmpty();
            case Number number -> number.doubleValue() != 0;
            case Map<?, ?> map -> !map.isEmpty();
            case List<?> list -> !list.isEmpty();
            default -> true;
        };
    }

    static String printed(@Nullable Object value) {
        return switch (value) {
            case null -> "<nil>";
            case Map<?, ?> map ->
                map.entrySet().stream()
                        .map(e -> e.getKey() + ":" + printed(e.getValue()))
                        .collect(Collectors.joining(" ", "map[", "]"));
            case List<?> list -> list.stream().map(Values::printed).collect(Collectors.joining(" ", "[", "]"));
            case Double number
            when number == Math.rint(number) && Math.abs(number) < 1e15 -> Long.toString(number.longValue());
            default -> value.toString();
        };
    }

    static boolean equal(@Nullable Object a, @Nullable Object b) {
        return a instanceof Number x && b instanceof Number y
                ? x.doubleValue() == y.doubleValue()
                : java.util.Objects.equals(a, b);
    }

    static int compare(@Nullable Object a, @Nullable Object b) {
        if (a instanceof Number x && b instanceof Number y) {
            return Double.compare(x.doubleValue(), y.doubleValue());
        }
        if (a instanceof String x && b instanceof String y) {
            return x.compareTo(y);
        }
        throw new TemplateFault("incompatible types for comparison");
    }
}
