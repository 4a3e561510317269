// SPDX-License-Identifier: Apache-2.0
package io.jlima.expression.internal;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.TextNode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import net.thisptr.jackson.jq.BuiltinFunctionLoader;
import net.thisptr.jackson.jq.Expression;
import net.thisptr.jackson.jq.Function;
import net.thisptr.jackson.jq.Scope;
import net.thisptr.jackson.jq.Version;
import net.thisptr.jackson.jq.Versions;
import net.thisptr.jackson.jq.exception.JsonQueryException;
import net.thisptr.jackson.jq.internal.IsolatedScopeQuery;
import net.thisptr.jackson.jq.internal.JqJson;
import net.thisptr.jackson.jq.internal.JsonQueryFunction;
import net.thisptr.jackson.jq.internal.javacc.ExpressionParser;

/**
 * The functions that expressions can call: the library's, those of yq, and those by which {@link Watch} bounds an
 * evaluation. The library's definitions in jq's own language are read as {@link Canonical} makes them, so that they are
 * bounded like what the user wrote. Read-only once made.
 */
final class Builtins {
    static final Version VERSION = Versions.JQ_1_7;

    /** What yq has and jq has not, or has otherwise: yq's lists keep their order, and null has no keys. */
    private static final List<Definition> OF_YQ = Stream.of(
                    "_modify(p; f): p |= ([f] as $r | if ($r | length) > 0 then $r[0] else . end)",
                    "_assign(p; v): v as $v | p |= $v",
                    "_plus(a; b): b as $b | a as $a | _may_add($a; $b)"
                            + " | if ($a | _type) == \"array\" and $b != null and ($b | _type) != \"array\""
                            + " then $a + [$b] else $a + $b end",
                    "_plus_into(p; v): v as $v | p |= _plus(.; $v)",
                    "_minus_into(p; v): v as $v | p |= . - $v",
                    "_times(a; b): b as $b | a as $a | _may_repeat($a; $b) | $a * $b",
                    "_times_into(p; v): v as $v | p |= _times(.; $v)",
                    "_divide(a; b): b as $b | a as $a | _may_search($a; $b) | $a / $b",
                    "_divide_into(p; v): v as $v | p |= _divide(.; $v)",
                    "_modulo_into(p; v): v as $v | p |= . % $v",
                    "_else_into(p; v): v as $v | p |= (. // $v)",
                    "setpath(p; v): _setpath(_index(p); v)",
                    "_named: [.captures[] | select(.name != null) | {\"key\": .name, \"value\": .string}]"
                            + " | from_entries",
                    "_replace($re; s; $flags): . as $in | reduce match($re; $flags) as $m ({\"at\": 0, \"out\": \"\"};"
                            + " .out = .out + $in[.at:$m.offset] + ($m | _named | _part(s))"
                            + " | .at = $m.offset + $m.length) | .out + $in[.at:]",
                    "gsub(a; b): _replace(a; b; \"g\")",
                    "gsub(a; b; flags): _replace(a; b; flags + \"g\")",
                    "sub(a; b): _replace(a; b; \"g\")",
                    "sub(a; b; flags): _replace(a; b; flags)",
                    "sub(a): [a] as $a | _replace($a[0]; $a[1]; \"g\")",
                    "join(s): . as $list | s as $s | _may_join($list; $s) | _join($s)",
                    "with(p; f): p |= f",
                    "upcase: ascii_upcase",
                    "downcase: ascii_downcase",
                    "trim: gsub(\"^\\\\s+|\\\\s+$\"; \"\")",
                    "keys: keys_unsorted",
                    "has(k): if . == null then false else _has(k) end",
                    "unique_by(f): reduce .[] as $x ({\"k\": {}, \"r\": []}; ([$x | f] | tojson) as $k"
                            + " | if (.k | _has($k)) then . else .k[$k] = true | .r += [$x] end) | .r",
                    "unique: unique_by(.)",
                    "filter(f): map(select(f))",
                    "any_c(f): any(f)",
                    "all_c(f): all(f)",
                    "pick(k): . as $all | reduce (k | .[]) as $x ({};"
                            + " if ($all | has($x)) then .[$x] = $all[$x] else . end)",
                    "omit(k): reduce (k | .[]) as $x (.; delpaths([[$x]]))",
                    "sort_keys(p): p |= (to_entries | sort_by(.key) | from_entries)",
                    "to_json: tojson",
                    "from_json: fromjson",
                    "to_number: tonumber",
                    "to_string: tostring",
                    "explode(p): .",
                    "kind: {\"array\": \"seq\", \"object\": \"map\"}[_type] // \"scalar\"",
                    "tag: {\"array\": \"!!seq\", \"object\": \"!!map\", \"string\": \"!!str\","
                            + " \"boolean\": \"!!bool\", \"null\": \"!!null\"}[_type]"
                            + " // (if . == floor then \"!!int\" else \"!!float\" end)",
                    "type: tag")
            .map(Definition::parse)
            .toList();

    /** Functions that the definitions above hide, by the names that those use. */
    private static final Map<String, Integer> HIDDEN = Map.of("setpath", 2, "join", 1, "has", 1, "type", 0);

    /** Functions that look for their argument in their input. */
    private static final List<String> SEARCHES =
            List.of("contains/1", "split/1", "indices/1", "index/1", "rindex/1", "ltrimstr/1", "rtrimstr/1");

    private Builtins() {}

    /**
     * One function in jq's language.
     *
     * @param parameters with a dollar where they are values
     */
    private record Definition(String name, List<String> parameters, String body) {
        /** Of the form {@code name(a; b): body}. */
        static Definition parse(String text) {
            int colon = text.indexOf(": ");
            String head = text.substring(0, colon);
            int open = head.indexOf('(');
            List<String> parameters = open < 0
                    ? List.of()
                    : List.of(head.substring(open + 1, colon - 1).split("; "));
            return new Definition(open < 0 ? head : head.substring(0, open), parameters, text.substring(colon + 2));
        }

        void addTo(Scope scope) throws JsonQueryException {
            // Definitions within definitions are those of functions that are refused to users.
            Expression expression = body.contains("def ")
                    ? ExpressionParser.compile(body, VERSION)
                    : ExpressionParser.compile(
                            Canonical.watched(
                                    ExpressionParser.compile(body, VERSION).toString()),
                            VERSION);
            scope.addFunction(
                    name,
                    parameters.size(),
                    new JsonQueryFunction(name, parameters, new IsolatedScopeQuery(expression), scope));
        }
    }

    /** A scope with all of them. */
    static Scope load() {
        ClassLoader loader = Builtins.class.getClassLoader();
        Scope jq = Scope.newEmptyScope();
        BuiltinFunctionLoader.getInstance()
                .loadFunctionsFromServiceLoader(loader, VERSION)
                .forEach(jq::addFunction);
        try (InputStream in = Objects.requireNonNull(Scope.class.getResourceAsStream("jq.json"))) {
            for (Definition definition : ofLibrary(in)) {
                definition.addTo(jq);
            }
            HIDDEN.forEach((name, arity) -> jq.addFunction("_" + name, arity, jq.getFunction(name, arity)));
            watch(jq);
            Scope yq = Scope.newChildScope(jq);
            for (Definition definition : OF_YQ) {
                definition.addTo(yq);
            }
            return yq;
        } catch (IOException e) {
            throw new IllegalStateException("the definitions cannot be read", e);
        }
    }

    private static List<Definition> ofLibrary(InputStream in) throws IOException {
        String json = new String(in.readAllBytes(), StandardCharsets.UTF_8)
                .lines()
                .filter(line -> !line.startsWith("#"))
                .collect(Collectors.joining("\n"));
        return new ObjectMapper()
                .readValue(json, JqJson.class).functions.stream()
                        .filter(f -> f.version == null || f.version.contains(VERSION))
                        .map(f -> new Definition(f.name, f.args, f.body))
                        .toList();
    }

    private static void watch(Scope scope) {
        scope.addFunction("_eq", 2, new Equality(true));
        scope.addFunction("_ne", 2, new Equality(false));
        scope.addFunction("_match_impl", 3, new Matching());
        scope.addFunction("_step", 0, (inner, arguments, in, path, output, version) -> {
            Watch.current().step(in);
            output.emit(in, path);
        });
        // Around what becomes a part of a text.
        scope.addFunction("_part", 1, (inner, arguments, in, path, output, version) -> {
            Watch.current().step(in);
            arguments.getFirst().apply(inner, in, part -> {
                Watch.current().step(part);
                Watch.current().make(Watch.extent(part));
                output.emit(part, null);
            });
        });
        scope.addFunction("_index", 1, (inner, arguments, in, path, output, version) -> {
            Watch.current().step(in);
            arguments.getFirst().apply(inner, in, index -> {
                Watch.current().index(index);
                output.emit(index, null);
            });
        });
        // Before a sum, a product, a joined list and a text parted by another.
        scope.addFunction("_may_add", 2, pair((watch, a, b) -> watch.make(Watch.extent(a) + Watch.extent(b))));
        scope.addFunction("_may_repeat", 2, pair((watch, a, b) -> watch.make(repeated(a, b) + repeated(b, a))));
        scope.addFunction(
                "_may_join", 2, pair((watch, a, b) -> watch.make((Watch.extent(a) + 1) * (Watch.extent(b) + 1))));
        scope.addFunction("_may_search", 2, pair(Watch::search));
        SEARCHES.forEach(name -> scope.addFunction(name, searching(scope.getFunction(name, 1))));
        scope.addFunction("ascii_upcase", 0, text(in -> in.toUpperCase(Locale.ROOT)));
        scope.addFunction("ascii_downcase", 0, text(in -> in.toLowerCase(Locale.ROOT)));
    }

    private interface Check {
        void of(Watch watch, JsonNode a, JsonNode b);
    }

    /** A function that looks at its two arguments and gives back its input. */
    private static Function pair(Check check) {
        return (scope, arguments, in, path, output, version) -> {
            check.of(Watch.current(), only(arguments.get(0), scope, in), only(arguments.get(1), scope, in));
            output.emit(in, path);
        };
    }

    /** The value of a variable, which is always one. */
    private static JsonNode only(Expression argument, Scope scope, JsonNode in) throws JsonQueryException {
        JsonNode[] value = {in};
        argument.apply(scope, in, v -> value[0] = v);
        return value[0];
    }

    private static long repeated(JsonNode text, JsonNode times) {
        return text.isTextual() && times.isNumber()
                ? (long) Math.min(1e15, Math.abs(times.doubleValue()) * Watch.extent(text))
                : 0;
    }

    private static Function searching(Function function) {
        return (scope, arguments, in, path, output, version) -> arguments
                .getFirst()
                .apply(scope, in, what -> {
                    Watch.current().search(in, what);
                    Expression known = (inner, again, root, out, required) -> out.emit(what, null);
                    function.apply(scope, List.of(known), in, path, output, version);
                });
    }

    private static Function text(UnaryOperator<String> change) {
        return (scope, arguments, in, path, output, version) -> {
            if (!in.isTextual()) {
                throw new JsonQueryException("only texts have upper and lower case");
            }
            output.emit(new TextNode(change.apply(in.textValue())), null);
        };
    }
}
