// SPDX-License-Identifier: Apache-2.0
package io.jlima.expression.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.jlima.api.LimaException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class JqExpressionsTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    private static final String CONFIG = """
        {"cpus": 4, "memory": "4GiB", "disk": 1048576, "half": 0.5, "none": null, "plain": false,
         "mounts": [{"location": "~"}, {"location": "/tmp/lima", "writable": true}],
         "images": [{"location": "a.img", "arch": "x86_64"}, {"location": "b.img", "arch": "aarch64"}],
         "env": {"FOO": "x", "b-c": "y"}, "dns": ["1.1.1.1", "8.8.8.8", "1.1.1.1"]}
        """;

    private final JqExpressions expressions = new JqExpressions();

    private String evaluate(String expression) throws JsonProcessingException {
        List<?> results = expressions.evaluate(expression, JSON.readValue(CONFIG, Object.class));
        return JSON.writeValueAsString(results).replace('"', '\'');
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '→',
            quoteCharacter = '`',
            value = {
                ".cpus → [4]",
                ".cpus = 2 | .cpus → [2]",
                ".cpus, .memory → [4,'4GiB']",
                ".env | .FOO, .cpus → ['x',4]",
                ".cpus, .env | .FOO → [4,'x']",
                "[.env | .FOO, .cpus] → [['x',4]]",
                ".env | (.FOO, .b-c) → ['x','y']",
                "[.dns[] as $d | $d, 1] | length → [6]",
                "\"\\(.env | .FOO, .cpus)\" | length → [1,1]",
                ".half → [0.5]",
                ".none → [null]",
                ".absent.deeper → [null]",
                ".env[\"b-c\"] → ['y']",
                ".env.b-c → ['y']",
                ".env.new-key = 1 | .env.new-key → [1]",
                ".mounts[0].writable = true | .mounts[0] → [{'location':'~','writable':true}]",
                ".mounts[].writable = true | [.mounts[].writable] → [[true,true]]",
                ".mounts[] |= (select(.location == \"~\") | .writable = true) | .mounts | length → [2]",
                "(.mounts[] | select(.location == \"/tmp*\")).writable = false | .mounts[1].writable → [false]",
                ".absent[].writable = true | has(\"absent\") → [false]",
                "[.absent[]] → [[]]",
                ".mounts += {\"location\": \"/a\"} | .mounts | length → [3]",
                ".mounts += [{\"location\": \"/a\"}] | .mounts | length → [3]",
                ".absent += [\"a\"] | .absent → [['a']]",
                ".env.FOO = \"z\" | .env → [{'FOO':'z','b-c':'y'}]",
                ".env *= {\"BAR\": \"1\"} | .env → [{'FOO':'x','b-c':'y','BAR':'1'}]",
                "(.env * {\"FOO\": \"2\"}).FOO → ['2']",
                ".cpus * 2 → [8]",
                ".cpus |= . + 1 | .cpus → [5]",
                ".cpus += 1 | .cpus → [5]",
                ".cpus / 2 → [2]",
                "del(.images[] | select(.arch != \"x86_64\")) | [.images[].location] → [['a.img']]",
                "del(.env.FOO) | .env → [{'b-c':'y'}]",
                "del(.mounts[0], .cpus) | [has(\"cpus\"), (.mounts | length)] → [[false,1]]",
                ".images |= map(select(.arch == \"aarch64\")) | .images[0].location → ['b.img']",
                ".images |= [] | .images → [[]]",
                "with(.mounts[0]; .writable = true | .mountPoint = \"/h\") | .mounts[0].mountPoint → ['/h']",
                ".cpus == \"4\" → [true]",
                ".disk == \"1048576\" → [true]",
                ".memory == \"4*\" → [true]",
                ".memory == \"4?iB\" → [true]",
                ".memory != \"5*\" → [true]",
                ".plain == null → [false]",
                ".absent == null → [true]",
                ".absent // \"x\" → ['x']",
                ".plain // \"x\" → ['x']",
                ".absent // .none // 3 → [3]",
                ".dns | unique → [['1.1.1.1','8.8.8.8']]",
                "[.images[]] | unique_by(.arch) | length → [2]",
                ".dns | length → [3]",
                ".memory | length → [4]",
                ".absent | length → [0]",
                ".env | keys → [['FOO','b-c']]",
                ".none | has(\"a\") → [false]",
                ".env | has(\"FOO\") → [true]",
                ".dns | map(. + \"/32\") | first → ['1.1.1.1/32']",
                ".dns | join(\",\") → ['1.1.1.1,8.8.8.8,1.1.1.1']",
                "\"a,b\" | split(\",\") → [['a','b']]",
                ".memory | sub(\"GiB\", \"G\") → ['4G']",
                ".dns[0] | sub(\"1\"; \"2\") → ['2.2.2.2']",
                "\"abc\" | sub(\"\", \"-\") → ['-a-b-c']",
                "\"abc\" | gsub(\"x*\"; \"-\") → ['-a-b-c']",
                "\"abc\" | sub(\"\"; \"-\"; \"g\") → ['-a-b-c']",
                "\"äbcb\" | gsub(\"(?<x>b)\"; \"<\\(.x)>\") → ['ä<b>c<b>']",
                "\"ab\" | sub(\"b$\", \"\") → ['a']",
                "\"a𝔟c\" | [match(\"(?P<y>[b-z])|(?<x>.)\"; \"g\").offset] → [[0,1,2]]",
                "\"a𝔟c\" | [match(\"c(d)?\") | (.captures[0].string, .length, .offset)] → [[null,1,2]]",
                "\"aXbx\" | [scan(\"x\"; \"i\")] → [['X','x']]",
                "\"a1b22\" | capture(\"(?<l>[a-z])(?<n>[0-9]+)$\") → [{'l':'b','n':'22'}]",
                "\"a, b\" | split(\", *\"; null) → [['a','b']]",
                "\"a.b\" / \".\" → [['a','b']]",
                ".cpus -= 1 | .cpus → [3]",
                ".cpus /= 2 | .cpus → [2]",
                ".cpus %= 3 | .cpus → [1]",
                ".none //= 7 | .none → [7]",
                ".mounts[].location = \"x\" | [.mounts[].location] → [['x','x']]",
                ".cpus = (1, 2) | .cpus → [1,2]",
                ".dns as [$a, $b] | {\"x\": $a, \"y\": $b} → [{'x':'1.1.1.1','y':'8.8.8.8'}]",
                ".mounts[1] as {\"location\": $l, \"writable\": $w} | [$l, $w] → [['/tmp/lima',true]]",
                "[.dns[] as $d | {\"d\": $d}] | length → [3]",
                "[foreach .dns[] as $d (0; . + 1; [., $d])] | .[2] → [[3,'1.1.1.1']]",
                "[(1, 2) as $x | label $f | $x, (break $f), 3] → [[1,2]]",
                "try error(\"no\") catch . → ['no']",
                "[.mounts[] | if .writable then \"w\" elif .location == \"~\" then \"h\" else 0 end] → [['h','w']]",
                "@base64 \"x\\(.cpus)\" → ['xNA==']",
                "{\"a b\": .cpus, (.memory): 1} | keys → [['a b','4GiB']]",
                "[.images[] | {arch, \"l\": .location}] | .[1] → [{'arch':'aarch64','l':'b.img'}]",
                ".dns | [.[1:][0], .[:1][0], .[-1:][0]] → [['8.8.8.8','1.1.1.1','1.1.1.1']]",
                ".dns | index(\"8.8.8.8\") → [1]",
                "[paths] | length → [25]",
                ".env | map_values(. + \"!\") → [{'FOO':'x!','b-c':'y!'}]",
                "[.dns[] | select(startswith(\"8\"))] → [['8.8.8.8']]",
                ".dns | [first, last, (sort | .[2])] → [['1.1.1.1','1.1.1.1','8.8.8.8']]",
                "[[1, [2]], 3] | flatten → [[1,2,3]]",
                "[1, 2] | add → [3]",
                "\"äÖ\" | upcase → ['ÄÖ']",
                ".memory | test(\"^[0-9]+GiB$\") → [true]",
                ".memory | upcase → ['4GIB']",
                ".memory | downcase → ['4gib']",
                "\" a \" | trim → ['a']",
                ".memory | contains(\"Gi\") → [true]",
                "\"\\(.cpus) cpus\" → ['4 cpus']",
                ".cpus | tag → ['!!int']",
                ".half | type → ['!!float']",
                ".env | kind → ['map']",
                ".env | to_entries | .[0].key → ['FOO']",
                ".env | with_entries(.value |= \"_\" + .) | .FOO → ['_x']",
                ".env | pick([\"FOO\"]) → [{'FOO':'x'}]",
                ".env | omit([\"FOO\"]) → [{'b-c':'y'}]",
                "[.mounts[] | select(.writable)] | length → [1]",
                "[.mounts[] | select(.writable and .location == \"/tmp/lima\" or false)] | length → [1]",
                "[.mounts[] | select(.writable | not)] | length → [1]",
                "if .cpus > 2 then \"many\" else \"few\" end → ['many']",
                "reduce .dns[] as $d (0; . + 1) → [3]",
                ".images[0:1] | length → [1]",
                ".images[-1].arch → ['aarch64']",
                ".. | select(. == \"b.img\") → ['b.img']",
                ".dns[1] = \"9.9.9.9\" | .dns[1] → ['9.9.9.9']",
                ".cpus as $n | .memory + \"/\" + ($n | to_string) → ['4GiB/4']",
                "{\"a\": .cpus, \"env\": 1}.a → [4]",
                "{\"load\": 1} | .load → [1]",
                ".env.env = \"e\" | .env.env → ['e']",
            })
    void expressionsOfYq(String expression, String expected) throws JsonProcessingException {
        assertThat(evaluate(expression)).isEqualTo(expected);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "strenv(HOME)",
                "env(HOME)",
                "$ENV.HOME",
                "env.HOME",
                "\"\\(strenv(HOME))\"",
                ".a = load(\"/etc/passwd\")",
                "system(\"id\")",
                "input",
                ". as $x | env",
                "import \"a\" as a; 1",
            })
    void whatReachesOutsideIsRefused(String expression) {
        assertThatThrownBy(() -> evaluate(expression))
                .isInstanceOf(LimaException.class)
                .hasMessageContaining("an expression cannot use")
                .hasMessageContaining("sees the text it edits and nothing else");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "def f: f; f",
                "[range(1; 1e12)]",
                "repeat(.)",
                ".a[500000000] = 1",
                ".a[.disk] = 1",
                ".a[1e10 * 1] = 1",
                "setpath([\"a\", 600000000]; 1)",
                "\"abc\" * 100000000",
                ".memory * .disk * .disk",
                ".memory *= 1e9",
                "tojson | . * 1e8",
                "(((((((.. == ..) == ..) == ..) == ..) == ..) == ..) == ..) == ..",
                "(((((((.. != ..) != ..) != ..) != ..) != ..) != ..) != ..) != ..",
                "[.,.]|[.,.]|[.,.]|[.,.]|[.,.]|[.,.]|[.,.]|[.,.]|[.,.]|[.,.]|[.,.]|[.,.]|[.,.]|[.,.]|[.,.]|[.,.]|[.,.]",
            })
    void whatWouldGrowWithoutEndIsRefusedSoon(String expression) {
        assertThatThrownBy(() -> evaluate(expression)).isInstanceOf(LimaException.class);
    }

    @Test
    void doublingIsNoticedBeforeItHurts() {
        assertThatThrownBy(() -> evaluate("\"0123456789\"" + "|.+.".repeat(40)))
                .isInstanceOf(LimaException.class)
                .hasMessageContaining("too large");
        assertThatThrownBy(() -> evaluate(".memory" + "|\"\\(.)\\(.)\"".repeat(40)))
                .isInstanceOf(LimaException.class)
                .hasMessageContaining("too large");
        assertThatThrownBy(() -> evaluate("(\"a\" * 100000) as $a | \"x\" * 1000 | gsub(\"x\"; $a)"))
                .isInstanceOf(LimaException.class)
                .hasMessageContaining("too large");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                ".a[",
                "}} ~",
                "((((",
                "foo(1)",
                ".cpus.x = 1",
                ".cpus | keys",
                "_go",
                ".cpus | _eq(.; 4)",
                ".memory | test(\"(\")",
                ".memory | test(\"a\"; \"q\")",
                ".cpus | test(\"4\")",
                "$undefined",
                "٣",
                ".cpus = ٣",
                "\"abc"
            })
    void whatCannotBeUsedIsToldWithTheExpression(String expression) {
        assertThatThrownBy(() -> evaluate(expression))
                .isInstanceOf(LimaException.class)
                .hasMessageContaining("expression")
                .hasMessageNotContaining("_step");
    }

    @Test
    void depthEndsInAnErrorForPeople() {
        assertThatThrownBy(() -> evaluate("1" + "+1".repeat(8000)))
                .isInstanceOf(LimaException.class)
                .hasMessageContaining("nested too deeply");
    }

    @Test
    void hundredsOfEditsAreNotTooMany() throws JsonProcessingException {
        assertThat(evaluate(".cpus = 0" + " | .cpus += 1".repeat(400) + " | .cpus"))
                .isEqualTo("[400]");
        assertThat(evaluate("0" + " + 1".repeat(300))).isEqualTo("[300]");
        assertThat(evaluate("(".repeat(1500) + "1" + ")".repeat(1500))).isEqualTo("[1]");
    }

    @Test
    void theTreeThatIsGivenStaysAsItIs() throws JsonProcessingException {
        Object tree = JSON.readValue(CONFIG, Object.class);
        expressions.evaluate(".mounts[0].writable = true | del(.env)", tree);
        assertThat(tree).isEqualTo(JSON.readValue(CONFIG, Object.class));
    }
}
