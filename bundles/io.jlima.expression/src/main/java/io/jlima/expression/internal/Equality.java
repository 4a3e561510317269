// SPDX-License-Identifier: Apache-2.0
package io.jlima.expression.internal;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import java.util.List;
import net.thisptr.jackson.jq.Expression;
import net.thisptr.jackson.jq.Function;
import net.thisptr.jackson.jq.PathOutput;
import net.thisptr.jackson.jq.Scope;
import net.thisptr.jackson.jq.Version;
import net.thisptr.jackson.jq.exception.JsonQueryException;
import net.thisptr.jackson.jq.path.Path;
import org.jspecify.annotations.Nullable;

/**
 * {@code ==} as yq has it: scalars are equal when their texts are, so {@code 4 == "4"}, and on the right {@code *} and
 * {@code ?} stand for any characters and any one.
 *
 * @param equal what equal values give
 */
record Equality(boolean equal) implements Function {
    @Override
    public void apply(
            Scope scope,
            List<Expression> arguments,
            JsonNode in,
            @Nullable Path path,
            PathOutput output,
            @Nullable Version version)
            throws JsonQueryException {
        arguments
                .get(1)
                .apply(
                        scope,
                        in,
                        right -> arguments
                                .get(0)
                                .apply(
                                        scope,
                                        in,
                                        left -> output.emit(BooleanNode.valueOf(test(left, right) == equal), null)));
    }

    private static boolean test(JsonNode left, JsonNode right) {
        if (left.isContainerNode() || right.isContainerNode()) {
            return left.equals(right);
        }
        if (left.isNull() || right.isNull()) {
            return left.isNull() && right.isNull();
        }
        if (right.isTextual()) {
            Watch.current().search(left, right);
        }
        return left.isNumber() && right.isNumber()
                ? left.decimalValue().compareTo(right.decimalValue()) == 0
                : matches(left.asText(), right.asText());
    }

    /** Whether a text fits a pattern; takes time in proportion to the product of their lengths at most. */
    static boolean matches(String text, String pattern) {
        int t = 0;
        int p = 0;
        int star = -1;
        int resume = 0;
        while (t < text.length()) {
            if (p < pattern.length() && pattern.charAt(p) == '*') {
                star = p++;
                resume = t;
            } else if (p < pattern.length() && (pattern.charAt(p) == '?' || pattern.charAt(p) == text.charAt(t))) {
                p++;
                t++;
            } else if (star >= 0) {
                p = star + 1;
                t = ++resume;
            } else {
                return false;
            }
        }
        while (p < pattern.length() && pattern.charAt(p) == '*') {
            p++;
        }
        return p == pattern.length();
    }
}
