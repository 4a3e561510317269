// SPDX-License-Identifier: Apache-2.0
package io.jlima.expression.internal;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import net.thisptr.jackson.jq.Expression;
import net.thisptr.jackson.jq.Function;
import net.thisptr.jackson.jq.PathOutput;
import net.thisptr.jackson.jq.Scope;
import net.thisptr.jackson.jq.Version;
import net.thisptr.jackson.jq.exception.JsonQueryException;
import net.thisptr.jackson.jq.path.Path;
import org.jspecify.annotations.Nullable;

/**
 * {@code _match_impl(pattern; flags; test)}, on which the library builds match, test, capture, scan and split. Its own
 * cannot be stopped once a pattern like {@code (a+)+$} went astray; here every look at a character is counted.
 */
final class Matching implements Function {
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    /** Letters of jq; {@code g} and {@code n} are no matter of the pattern, {@code l} has no meaning here. */
    private static final Map<Character, Integer> FLAGS = Map.of(
            'g',
            0,
            'n',
            0,
            'l',
            0,
            'i',
            Pattern.CASE_INSENSITIVE | Pattern.UNICODE_CASE,
            'm',
            Pattern.DOTALL,
            's',
            0,
            'p',
            Pattern.DOTALL,
            'x',
            Pattern.COMMENTS);

    @Override
    public void apply(
            Scope scope,
            List<Expression> arguments,
            JsonNode in,
            @Nullable Path path,
            PathOutput output,
            @Nullable Version version)
            throws JsonQueryException {
        if (!in.isTextual()) {
            throw new JsonQueryException("only texts can be matched");
        }
        arguments
                .get(2)
                .apply(
                        scope,
                        in,
                        test -> arguments
                                .get(1)
                                .apply(
                                        scope,
                                        in,
                                        flags -> arguments.get(0).apply(scope, in, pattern -> {
                                            if (!pattern.isTextual()) {
                                                throw new JsonQueryException("a pattern must be a text");
                                            }
                                            String letters = flags.isTextual() ? flags.textValue() : "";
                                            Matcher matcher = compile(pattern.textValue(), letters)
                                                    .matcher(new Counted(in.textValue()));
                                            output.emit(
                                                    test.booleanValue()
                                                            ? BooleanNode.valueOf(matcher.find())
                                                            : matches(matcher, in.textValue(), letters),
                                                    null);
                                        })));
    }

    private static Pattern compile(String pattern, String letters) throws JsonQueryException {
        int flags = Pattern.UNIX_LINES;
        for (char letter : letters.toCharArray()) {
            Integer flag = FLAGS.get(letter);
            if (flag == null) {
                throw new JsonQueryException(letters + " is not a valid modifier string");
            }
            flags |= flag;
        }
        Watch.current().spend(pattern.length());
        try {
            return Pattern.compile(pattern.replace("(?P<", "(?<"), flags);
        } catch (PatternSyntaxException e) {
            throw new JsonQueryException(e.getDescription() + " in the pattern " + pattern, e);
        }
    }

    private static ArrayNode matches(Matcher matcher, String text, String letters) {
        ArrayNode matches = NODES.arrayNode();
        boolean all = letters.indexOf('g') >= 0;
        boolean some = letters.indexOf('n') >= 0;
        int from = 0;
        do {
            if (!matcher.find(from)) {
                break;
            }
            boolean empty = matcher.end() == matcher.start();
            if (!empty || !some) {
                matches.add(match(matcher, text));
                Watch.current().spend(matcher.groupCount() + 1L);
            }
            from = empty && matcher.end() < text.length() ? text.offsetByCodePoints(matcher.end(), 1) : matcher.end();
        } while (all && from < text.length());
        return matches;
    }

    private static ObjectNode match(Matcher matcher, String text) {
        ObjectNode match = part(matcher, 0, text);
        Map<Integer, String> names = new HashMap<>();
        matcher.namedGroups().forEach((name, group) -> names.put(group, name));
        ArrayNode captures = match.putArray("captures");
        for (int group = 1; group <= matcher.groupCount(); group++) {
            captures.add(part(matcher, group, text).put("name", names.get(group)));
        }
        return match;
    }

    /** Offsets and lengths count characters as people do, not halves of them. */
    private static ObjectNode part(Matcher matcher, int group, String text) {
        ObjectNode part = NODES.objectNode();
        int start = matcher.start(group);
        if (start < 0) {
            return part.put("offset", -1).put("length", 0).putNull("string");
        }
        return part.put("offset", text.codePointCount(0, start))
                .put("length", text.codePointCount(start, matcher.end(group)))
                .put("string", text.substring(start, matcher.end(group)));
    }

    /** A text each look at which is work. */
    private record Counted(String text) implements CharSequence {
        @Override
        public char charAt(int index) {
            Watch.current().spend(1);
            return text.charAt(index);
        }

        @Override
        public int length() {
            return text.length();
        }

        @Override
        public CharSequence subSequence(int start, int end) {
            return text.subSequence(start, end);
        }

        @Override
        public String toString() {
            return text;
        }
    }
}
