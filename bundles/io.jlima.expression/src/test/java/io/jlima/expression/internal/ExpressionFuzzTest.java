// SPDX-License-Identifier: Apache-2.0
package io.jlima.expression.internal;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.jlima.api.LimaException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/** Whatever the expression is, it has results or is refused with a message, and the tree stays as it is. */
class ExpressionFuzzTest {
    private static final Map<String, Object> TREE = Map.of(
            "cpus",
            4,
            "memory",
            "4GiB",
            "half",
            0.5,
            "plain",
            false,
            "mounts",
            List.of(Map.of("location", "~"), Map.of("location", "/tmp/lima", "writable", true)),
            "env",
            Map.of("FOO", "x"),
            "dns",
            List.of("1.1.1.1"));

    private final JqExpressions expressions = new JqExpressions();

    @FuzzTest(maxDuration = "10m")
    void evaluate(byte[] input) {
        String expression = new String(input, StandardCharsets.UTF_8);
        try {
            assertThat(expressions.evaluate(expression, TREE)).isNotNull();
        } catch (LimaException e) {
            assertThat(e.what()).isNotBlank();
            assertThat(String.valueOf(e.getMessage()).length()).isLessThan(2000);
        }
    }
}
