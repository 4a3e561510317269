// SPDX-License-Identifier: Apache-2.0
package io.jlima.expression.internal;

import com.fasterxml.jackson.databind.JsonNode;
import io.jlima.api.LimaException;
import io.jlima.api.config.Expressions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import net.thisptr.jackson.jq.BuiltinFunctionLoader;
import net.thisptr.jackson.jq.JsonQuery;
import net.thisptr.jackson.jq.Scope;
import net.thisptr.jackson.jq.Version;
import net.thisptr.jackson.jq.Versions;
import net.thisptr.jackson.jq.exception.JsonQueryException;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Component;

/** Evaluates yq's expressions by jackson-jq. Thread-safe. */
@Component(service = Expressions.class)
public final class JqExpressions implements Expressions {
    /** No expression that somebody writes is longer. */
    private static final int LONGEST = 16 * 1024;

    private static final Version VERSION = Versions.JQ_1_7;

    private static final String HELP = "see limactl help yq-restrictions for what expressions can do";

    /** What yq has and jq has not, or has otherwise: yq's lists keep their order, and null has no keys. */
    private static final String PRELUDE = String.join(
            " ",
            "def _modify(p; f): p |= ([f] as $r | if ($r | length) > 0 then $r[0] else . end);",
            "def _plus(a; b): b as $b | a as $a | _may_add($a; $b)"
                    + " | if ($a | _type) == \"array\" and $b != null and ($b | _type) != \"array\""
                    + " then $a + [$b] else $a + $b end;",
            "def _plus_into(p; v): v as $v | p |= _plus(.; $v);",
            "def _times(a; b): b as $b | a as $a | _may_repeat($a; $b) | $a * $b;",
            "def _times_into(p; v): v as $v | p |= _times(.; $v);",
            "def setpath(p; v): _setpath(_index(p); v);",
            // The library's own never ends where a pattern matches nothing.
            "def _named: [.captures[] | select(.name != null) | {\"key\": .name, \"value\": .string}] | from_entries;",
            "def _replace($re; s; $flags): . as $in | reduce match($re; $flags) as $m ({\"at\": 0, \"out\": \"\"};"
                    + " .out = .out + $in[.at:$m.offset] + ($m | _named | _part(s)) | .at = $m.offset + $m.length)"
                    + " | .out + $in[.at:];",
            "def gsub(a; b): _replace(a; b; \"g\");",
            "def gsub(a; b; flags): _replace(a; b; flags + \"g\");",
            "def sub(a; b): _replace(a; b; \"g\");",
            "def sub(a; b; flags): _replace(a; b; flags);",
            "def sub(a): [a] as $a | _replace($a[0]; $a[1]; \"g\");",
            "def join(s): . as $list | s as $s | _may_join($list; $s) | _join($s);",
            "def with(p; f): p |= f;",
            "def upcase: ascii_upcase;",
            "def downcase: ascii_downcase;",
            "def trim: gsub(\"^\\\\s+|\\\\s+$\"; \"\");",
            "def keys: keys_unsorted;",
            "def has(k): if . == null then false else _has(k) end;",
            "def unique_by(f): reduce .[] as $x ({\"k\": {}, \"r\": []}; ([$x | f] | tojson) as $k"
                    + " | if (.k | _has($k)) then . else .k[$k] = true | .r += [$x] end) | .r;",
            "def unique: unique_by(.);",
            "def filter(f): map(select(f));",
            "def any_c(f): any(f);",
            "def all_c(f): all(f);",
            "def pick(k): . as $all | reduce (k | .[]) as $x ({};"
                    + " if ($all | has($x)) then .[$x] = $all[$x] else . end);",
            "def omit(k): reduce (k | .[]) as $x (.; delpaths([[$x]]));",
            "def sort_keys(p): p |= (to_entries | sort_by(.key) | from_entries);",
            "def to_json: tojson;",
            "def from_json: fromjson;",
            "def to_number: tonumber;",
            "def to_string: tostring;",
            "def explode(p): .;",
            "def kind: {\"array\": \"seq\", \"object\": \"map\"}[_type] // \"scalar\";",
            "def tag: {\"array\": \"!!seq\", \"object\": \"!!map\", \"string\": \"!!str\", \"boolean\": \"!!bool\","
                    + " \"null\": \"!!null\"}[_type] // (if . == floor then \"!!int\" else \"!!float\" end);",
            "def type: tag;",
            "");

    private static final String USERS = "_users";

    /** Functions that the definitions above hide, by the names that those use. */
    private static final Map<String, Integer> HIDDEN = Map.of("setpath", 2, "join", 1, "has", 1, "type", 0);

    /** Made when the first expression comes: most calls of limactl have none. */
    private static final class Builtins {
        static final Scope SCOPE = load();
        static final JsonQuery DEFINITIONS = definitions();

        private static Scope load() {
            Scope scope = Scope.newEmptyScope();
            BuiltinFunctionLoader.getInstance().loadFunctions(JqExpressions.class.getClassLoader(), VERSION, scope);
            HIDDEN.forEach((name, arity) -> scope.addFunction("_" + name, arity, scope.getFunction(name, arity)));
            return scope;
        }

        private static JsonQuery definitions() {
            try {
                return JsonQuery.compile(PRELUDE + USERS, VERSION);
            } catch (JsonQueryException e) {
                throw new IllegalStateException("the definitions cannot be read", e);
            }
        }
    }

    @Override
    public List<@Nullable Object> evaluate(String expression, @Nullable Object tree) {
        if (expression.isBlank()) {
            throw new LimaException("an expression is empty", "for example: .cpus = 4");
        }
        if (expression.length() > LONGEST) {
            throw new LimaException("an expression is longer than " + LONGEST / 1024 + " KiB");
        }
        try {
            return run(expression, tree);
        } catch (JsonQueryException e) {
            throw new LimaException("the expression does not fit: " + shortened(expression), words(e), HELP, e);
        } catch (StackOverflowError e) {
            throw new LimaException("the expression is nested too deeply: " + shortened(expression));
        } catch (LimaException e) {
            throw e;
        } catch (RuntimeException | Error e) {
            // Errors of the library's scanner and slips of its functions: they concern this expression only.
            if (e instanceof VirtualMachineError) {
                throw e;
            }
            throw new LimaException("the expression cannot be used: " + shortened(expression), words(e), HELP, e);
        }
    }

    private static List<@Nullable Object> run(String expression, @Nullable Object tree) throws JsonQueryException {
        JsonQuery jq = JsonQuery.compile(Dialect.translate(expression), VERSION);
        JsonQuery query = JsonQuery.compile(Canonical.translate(jq.toString()), VERSION);
        Watch watch = new Watch();
        Scope scope = Scope.newChildScope(Builtins.SCOPE);
        watch.install(scope);
        // The definitions are read once; what the user wrote is called where they are known.
        scope.addFunction(
                USERS,
                0,
                (known, arguments, in, path, output, version) ->
                        query.apply(known, in, result -> output.emit(result, null)));
        List<JsonNode> results = new ArrayList<>();
        Builtins.DEFINITIONS.apply(scope, Trees.node(tree), result -> {
            watch.check(result);
            results.add(result);
        });
        List<@Nullable Object> plain = new ArrayList<>();
        results.forEach(result -> plain.add(Trees.plain(result)));
        return plain;
    }

    private static String shortened(String expression) {
        return expression.length() <= 200 ? expression : expression.substring(0, 200) + "…";
    }

    /** The words that matter: of a text that it cannot read, the library tells where only in the cause. */
    private static String words(Throwable e) {
        Throwable cause = e.getCause();
        String message =
                String.valueOf(cause != null && cause.getMessage() != null ? cause.getMessage() : e.getMessage());
        return shortened(message.lines().findFirst().orElse(""));
    }
}
