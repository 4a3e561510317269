// SPDX-License-Identifier: Apache-2.0
package io.jlima.api.config;

import io.jlima.api.LimaException;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.osgi.annotation.versioning.ProviderType;

/**
 * Expressions as the yq program has them: what {@code --set} and {@code --yq} take. They see the tree they are given
 * and nothing else: no environment, no files, no other programs. Stateless and thread-safe.
 */
@ProviderType
public interface Expressions {
    /**
     * Evaluates an expression.
     *
     * @param expression for example {@code .cpus = 4 | .mounts[0].writable = true}
     * @param tree maps with text keys, lists, strings, numbers, booleans and nulls; left as it is
     * @return the results in order, each such a tree of its own; empty when the expression selects nothing
     * @throws LimaException when the expression cannot be read, asks for what it may not have, does not fit the tree,
     *     or takes too long
     */
    List<@Nullable Object> evaluate(String expression, @Nullable Object tree);
}
