// SPDX-License-Identifier: Apache-2.0
package io.jlima.expression.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.jlima.api.LimaException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Whatever is put together so that it multiplies, it ends within its budget. The clock is taken away, so that only what
 * is counted ends it: where a loop is not counted, the test does not end.
 */
class ExplosiveExpressionsTest {
    private static final Watch.Limits SMALL = new Watch.Limits(200_000, 2_000, Duration.ofDays(1));

    private static final Map<String, Object> TREE = Map.of(
            "cpus",
            4,
            "memory",
            "4GiB",
            "list",
            List.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10),
            "texts",
            List.of("a", "b", "c", "d", "e", "f", "g", "h", "i", "j"),
            "mounts",
            List.of(Map.of("location", "~"), Map.of("location", "/tmp/lima", "writable", true)),
            "env",
            Map.of("FOO", "x"));

    private final JqExpressions expressions = new JqExpressions(SMALL);

    private static String unfold(String pattern) {
        String[] parts = pattern.split(" ⇒ ");
        if (parts.length == 1) {
            return pattern;
        }
        String expression = parts[0];
        for (int i = 0; i < Integer.parseInt(parts[1]); i++) {
            expression = parts[2].replace("{}", expression);
        }
        return parts.length > 3 ? parts[3].replace("{}", expression) : expression;
    }

    /** What there is at first ⇒ how often ⇒ what is made of it each time ⇒ what is made of it at last. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                // Operators whose sides have many results.
                ".. ⇒ 12 ⇒ ({} == ..)",
                ".. ⇒ 12 ⇒ ({} != ..)",
                ".. ⇒ 12 ⇒ ({} < ..)",
                ".. ⇒ 12 ⇒ ({} <= ..)",
                ".. ⇒ 12 ⇒ ({} > ..)",
                ".. ⇒ 12 ⇒ ({} >= ..)",
                ".. ⇒ 12 ⇒ (.. < {})",
                ".. ⇒ 12 ⇒ (.. >= {})",
                "true ⇒ 12 ⇒ (({} | not | not) and (.. | . != 1))",
                "false ⇒ 12 ⇒ ({} or (.. | . == null))",
                ".list[] ⇒ 12 ⇒ ({} + .list[])",
                ".list[] ⇒ 12 ⇒ ({} - .list[])",
                ".list[] ⇒ 12 ⇒ ({} * .list[])",
                ".list[] ⇒ 12 ⇒ ({} / .list[])",
                ".list[] ⇒ 12 ⇒ ({} % .list[])",
                ".texts[] ⇒ 12 ⇒ ({} + .texts[])",
                ".list[] ⇒ 12 ⇒ (.list[] // 1 | $__t | {}) ⇒ . as $__t | {}",
                "1 ⇒ 40 ⇒ {} | (., .)",
                "1 ⇒ 40 ⇒ -({} | (., .))",
                // The last has none, so that nothing ever comes out.
                "(1, 2) ⇒ 20 ⇒ ({} + (1, 2)) ⇒ empty + {}",
                ".list[] ⇒ 12 ⇒ ({} < .list[]) ⇒ empty < {}",
                "empty ⇒ 12 ⇒ .list[] as $x | {}",
                "empty ⇒ 12 ⇒ .mounts[] as {\"location\": $x} | (1, 2, 3, 4) as $y | {}",
                "null as {\"\\(1,2)\": $a, \"\\(3,4)\": $b, \"\\(5,6)\": $c, \"\\(7,8)\": $d} | 1 ⇒ 12 ⇒ .list[] as $x | {}",
                // Lists, objects, texts.
                "[1] ⇒ 40 ⇒ {} | [., .]",
                "[.list[]] ⇒ 12 ⇒ [.list[] as $x | {}[]]",
                "\"a\": .list[] ⇒ 1 ⇒ {} ⇒ {{}, \"b\": .list[], \"c\": .list[], \"d\": .list[], \"e\": .list[], \"f\": .list[]}",
                "\"a\": .list[] ⇒ 1 ⇒ {} ⇒ {{}, \"b\": .list[], \"c\": .list[], \"d\": .list[], \"e\": .list[], \"f\": .list[],"
                        + " \"g\": empty}",
                "(.texts[]): 1 ⇒ 1 ⇒ {} ⇒ {{}, (.texts[]): 1, (.texts[]): 2, (.texts[]): 3, (.texts[]): 4, (.texts[]): empty}",
                "\"\\(.texts[])\" ⇒ 12 ⇒ \"\\(.list[])\\({})\"",
                "\\(.list[]) ⇒ 4 ⇒ {}{} ⇒ \"\\(empty){}\"",
                "\\(.list[]) ⇒ 4 ⇒ {}{} ⇒ @base64 \"\\(empty){}\"",
                "\"0123456789\" ⇒ 60 ⇒ {} | . + .",
                "\"0123456789\" ⇒ 60 ⇒ {} | \"\\(.)\\(.)\"",
                "\"0123456789\" ⇒ 60 ⇒ {} | @uri \"%\\(.)%\\(.)\"",
                "\"0123456789\" ⇒ 60 ⇒ {} | . * 3",
                "\"ab\" ⇒ 60 ⇒ {} | gsub(\"a\"; \"aa\")",
                "\"ab\" ⇒ 60 ⇒ {} | [., ., .] | join(\"\")",
                "[\"ab\"] ⇒ 60 ⇒ {} | [.[], .[]]",
                "1 ⇒ 60 ⇒ {} | {\"a\": ., \"b\": .}",
                // Places.
                "0 ⇒ 30 ⇒ .list[{} | (0, 0)]",
                ". ⇒ 30 ⇒ {}[0, 0]? ⇒ .none | {}",
                "(empty) ⇒ 30 ⇒ {}[0, 0]?",
                ". ⇒ 20 ⇒ {}[(0, 0):(9, 9)] ⇒ .list | {}",
                "(empty) ⇒ 20 ⇒ {}[(0, 0):(9, 9)]",
                // Conditions.
                "1 ⇒ 12 ⇒ if .list[] then {} else 1 end",
                "empty ⇒ 12 ⇒ if .list[] then {} else 1 end",
                "empty ⇒ 40 ⇒ if (false, false) then 1 else {} end",
                "empty ⇒ 40 ⇒ if false then 1 elif (false, false) then 1 else {} end",
                ".list[] ⇒ 12 ⇒ if {} then .list[] else 1 end",
                "empty ⇒ 40 ⇒ select(true, true) | {}",
                // Loops.
                "0 ⇒ 12 ⇒ reduce ($__t | .list[]) as $x (0; {}) ⇒ . as $__t | {}",
                "0 ⇒ 12 ⇒ foreach ($__t | .list[]) as $x (0; {}; .) ⇒ . as $__t | {}",
                "0 ⇒ 12 ⇒ foreach ($__t | .list[]) as $x (0; 0; {}) ⇒ . as $__t | {}",
                "empty ⇒ 12 ⇒ foreach ($__t | .list[]) as $x (0; 0; {}) ⇒ . as $__t | {}",
                "reduce (.list[], .list[], .list[], .list[], .list[]) as $x (1; [., .])",
                "reduce (.list[], .list[], .list[], .list[], .list[]) as $x (\"a\"; \"\\(.)\\(.)\")",
                "1 ⇒ 40 ⇒ (1, 2) as $x | label $f | {}",
                "1 ⇒ 40 ⇒ (1, 2) as $x | try {} catch .",
                "1 ⇒ 40 ⇒ (1, 2) as $x | ({})?",
                "error ⇒ 40 ⇒ (1, 2) as $x | try {} catch (1, 2)",
                // Functions that are given something.
                "empty ⇒ 40 ⇒ first((1, 2) | {})",
                "true ⇒ 12 ⇒ all(.list[]; $__t | {}) ⇒ . as $__t | {}",
                "false ⇒ 12 ⇒ any(.list[]; $__t | {}) ⇒ . as $__t | {}",
                "false ⇒ 40 ⇒ paths({}) ⇒ [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]] | {}",
                "empty ⇒ 40 ⇒ paths({}) ⇒ [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]] | {}",
                ". ⇒ 12 ⇒ ($__t | .list | map({})) ⇒ . as $__t | {}",
                "1 ⇒ 12 ⇒ ($__t | .list | map_values($__t | {} | 1)) ⇒ . as $__t | {}",
                ". ⇒ 12 ⇒ .list | sort_by($__t | {}) | length ⇒ . as $__t | {}",
                ". ⇒ 12 ⇒ .list | group_by($__t | {}) | length ⇒ . as $__t | {}",
                ". ⇒ 12 ⇒ .list | unique_by($__t | {}) | length ⇒ . as $__t | {}",
                ". ⇒ 12 ⇒ .list | min_by($__t | {}) | 1 ⇒ . as $__t | {}",
                ". ⇒ 12 ⇒ .list | filter($__t | {}) | length ⇒ . as $__t | {}",
                "1 ⇒ 40 ⇒ .env | with_entries(.value = ((1, 2) | $__t | {})) ⇒ . as $__t | {}",
                "\"a\" ⇒ 20 ⇒ (\"a\" | test({} | (\"a\", \"b\")) | \"a\")",
                "\"a\" ⇒ 12 ⇒ (\"aaaaaaaaaa\" | gsub(\"a\"; {}))",
                "\"a\" ⇒ 12 ⇒ (\"aaaaaaaaaa\" | split(\"a\"; null) | .[] | {})",
                "\"a\" ⇒ 12 ⇒ (\"aaaaaaaaaa\" | scan(\"a\") | {})",
                "\"a\" ⇒ 40 ⇒ (\"aa\" | ltrimstr({} | (\"b\", \"b\")) | \"b\")",
                "\"a\" ⇒ 40 ⇒ ([\"a\", \"b\"] | join({} | (., .)))",
                "[.list[]] ⇒ 30 ⇒ {} | [., ., .] | flatten",
                "[.list[]] ⇒ 30 ⇒ {} | [., ., .] | add",
                // Assignments.
                ".list[] ⇒ 12 ⇒ (.cpus = {} | .list[])",
                ".cpus = .list[] ⇒ 12 ⇒ {} | .cpus = .list[]",
                ".cpus += .list[] ⇒ 12 ⇒ {} | .cpus += .list[]",
                ".cpus -= .list[] ⇒ 12 ⇒ {} | .cpus -= .list[]",
                ".cpus *= .list[] ⇒ 12 ⇒ {} | .cpus *= .list[]",
                ".cpus /= .list[] ⇒ 12 ⇒ {} | .cpus /= .list[]",
                ".cpus %= .list[] ⇒ 12 ⇒ {} | .cpus %= .list[]",
                ".none //= .list[] ⇒ 12 ⇒ {} | .none //= .list[] | del(.none)",
                "1 ⇒ 12 ⇒ (.list[] |= ($__t | {} | 1)) ⇒ . as $__t | {}",
                ". ⇒ 12 ⇒ (.list[] += ($__t | {} | .list[])) ⇒ . as $__t | {}",
                "1 ⇒ 12 ⇒ del(.list[] | select($__t | {} | false)) ⇒ . as $__t | {}",
                "1 ⇒ 12 ⇒ with(.list[]; $__t | {} | 1) ⇒ . as $__t | {}",
                // Patterns that go astray, and long searches.
                "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!\" | test(\"(.*)*(x)\\\\2\")",
                "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!\" | test(\"(?:a{1,20}){1,20}b\")",
                "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!\" | test(\"^(?:(?:a|aa)*)*(b)|(?=(?:a|aa)+!!)\")",
                "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!\" | sub(\"(.*.*.*.*.*.*.*.*)x\"; \"\")",
                "(\"a\" * 30000) as $t | $t | contains((\"a\" * 15000) + \"b\")",
                "(\"a\" * 30000) as $t | $t | split((\"a\" * 15000) + \"b\")",
                "(\"a\" * 30000) / ((\"a\" * 15000) + \"b\")",
                "(\"a\" * 30000) == \"*\" + (\"a\" * 15000) + \"b\"",
            })
    void whatMultipliesEndsWithinItsBudget(String pattern) {
        String expression = unfold(pattern);
        assertThatThrownBy(() -> expressions.evaluate(expression, TREE))
                .as(expression)
                .isInstanceOf(LimaException.class)
                .hasMessageMatching("(?s).*(too many steps|too large).*");
    }

    @Test
    void theClockEndsWhatIsNotCountedSoon() {
        JqExpressions hasty = new JqExpressions(new Watch.Limits(Long.MAX_VALUE, 20_000, Duration.ZERO));
        assertThatThrownBy(() -> hasty.evaluate("[.., ..] | map(.. == ..) | length", TREE))
                .isInstanceOf(LimaException.class)
                .hasMessageContaining("takes more than 0 seconds");
    }

    @Test
    void whatEndedOnceEndsAgainAndTheNextIsNotBothered() {
        for (int i = 0; i < 3; i++) {
            assertThatThrownBy(() -> expressions.evaluate("[.., ..] | map(., ..) | [.[] < .[]]", TREE))
                    .isInstanceOf(LimaException.class);
            assertThat(expressions.evaluate("[.list[] | . + 1] | length", TREE)).containsExactly(10);
        }
    }

    @Test
    void whatPeopleWriteIsFarFromTheBudget() {
        assertThat(expressions.evaluate(
                        ".cpus = 8 | .memory = \"8GiB\" | .mounts += {\"location\": \"/a\"} | del(.mounts[]"
                                + " | select(.location == \"~\")) | .env *= {\"A\": \"b\"} | (.mounts[] | select(.location == \"/tmp*\")).writable = false"
                                + " | .texts |= unique | .list |= map(. * 2) | [.list[] | select(. > 4)] | length",
                        TREE))
                .containsExactly(8);
    }
}
