// SPDX-License-Identifier: Apache-2.0
package io.jlima.config.internal.template;

import io.jlima.config.internal.yaml.Words;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * What stands between double braces: variables, literals, parentheses, pipes and the functions and, or, not, eq, ne.
 * Values are String, Long, Boolean, Map or {@link #MISSING}.
 */
final class Expression {
    /** A parameter that nobody defined: false in a condition. */
    static final Object MISSING = new Object();

    /** What Go knows and this evaluator does not; anything else unknown is not Go. */
    private static final Set<String> FOREIGN = Set.of(
            "range",
            "with",
            "define",
            "template",
            "block",
            "break",
            "continue",
            "printf",
            "print",
            "println",
            "len",
            "index",
            "slice",
            "html",
            "js",
            "urlquery",
            "call",
            "lt",
            "le",
            "gt",
            "ge");

    private static final Set<String> FUNCTIONS = Set.of("and", "or", "not", "eq", "ne");

    private final String text;
    private final Map<String, Object> variables;
    private int at;

    private Expression(String text, Map<String, Object> variables) {
        this.text = text;
        this.variables = variables;
    }

    static Object evaluate(String text, Map<String, Object> variables) throws TemplateFault {
        Expression expression = new Expression(text, variables);
        Object value = expression.pipeline(0);
        expression.skipBlanks();
        if (expression.at < text.length()) {
            throw new TemplateFault(false, "\"" + text.substring(expression.at) + "\" is not expected in a template");
        }
        return value;
    }

    static boolean isTrue(Object value) {
        return switch (value) {
            case Boolean b -> b;
            case String s -> !s.isEmpty();
            case Long number -> number != 0;
            case Map<?, ?> map -> !map.isEmpty();
            default -> false;
        };
    }

    private Object pipeline(int depth) throws TemplateFault {
        if (depth > 50) {
            throw new TemplateFault(true, "too many parentheses");
        }
        Object value = command(List.of(), depth);
        while (peek() == '|') {
            at++;
            value = command(List.of(value), depth);
        }
        return value;
    }

    /** A function with its arguments, or one operand. Go passes a piped value as the last argument. */
    private Object command(List<Object> piped, int depth) throws TemplateFault {
        String word = word();
        if (word.isEmpty() || word.equals("true") || word.equals("false")) {
            Object value = word.isEmpty() ? operand(depth) : Boolean.valueOf(word);
            if (!piped.isEmpty()) {
                throw new TemplateFault(false, "a value cannot be piped into something that is no function");
            }
            return value;
        }
        if (FOREIGN.contains(word)) {
            throw new TemplateFault(
                    true,
                    "\"" + word + "\" is not supported in templates; if, else, end, and, or, not," + " eq and ne are");
        }
        if (!FUNCTIONS.contains(word)) {
            throw new TemplateFault(false, "\"" + word + "\" is not a function of templates");
        }
        List<Object> arguments = new ArrayList<>();
        while (at < text.length() && peek() != '|' && peek() != ')') {
            String literal = word();
            if (literal.isEmpty()) {
                arguments.add(operand(depth));
            } else if (literal.equals("true") || literal.equals("false")) {
                arguments.add(Boolean.valueOf(literal));
            } else {
                throw new TemplateFault(false, "\"" + literal + "\" is not an argument");
            }
        }
        arguments.addAll(piped);
        return call(word, arguments);
    }

    private static Object call(String function, List<Object> arguments) throws TemplateFault {
        int least = function.equals("eq") || function.equals("ne") ? 2 : 1;
        int most = function.equals("not") ? 1 : function.equals("ne") ? 2 : Integer.MAX_VALUE;
        if (arguments.size() < least || arguments.size() > most) {
            throw new TemplateFault(true, "\"" + function + "\" has " + arguments.size() + " arguments");
        }
        Object first = arguments.getFirst();
        return switch (function) {
            case "not" -> !isTrue(first);
            case "eq" -> arguments.stream().skip(1).anyMatch(a -> Objects.equals(first, a));
            case "ne" -> !Objects.equals(first, arguments.get(1));
            case "and" -> arguments.stream().filter(a -> !isTrue(a)).findFirst().orElse(arguments.getLast());
            default -> arguments.stream().filter(Expression::isTrue).findFirst().orElse(arguments.getLast());
        };
    }

    private Object operand(int depth) throws TemplateFault {
        char c = peek();
        if (c == '(') {
            at++;
            Object value = pipeline(depth + 1);
            if (peek() != ')') {
                throw new TemplateFault(false, "a parenthesis is not closed");
            }
            at++;
            return value;
        }
        if (c == '"' || c == '`') {
            return literal(c);
        }
        if (c == '$' && at + 1 < text.length() && text.charAt(at + 1) == '.') {
            at++;
            return variable();
        }
        if (c == '.') {
            return variable();
        }
        if (c >= '0' && c <= '9' || c == '-') {
            return number();
        }
        throw new TemplateFault(false, c == 0 ? "a value is missing" : "\"" + c + "\" begins no value");
    }

    private Object variable() throws TemplateFault {
        List<String> names = new ArrayList<>();
        while (at < text.length() && text.charAt(at) == '.') {
            at++;
            names.add(word());
        }
        if (names.contains("")) {
            throw new TemplateFault(names.size() == 1, "\".\" needs the name of a variable after it");
        }
        String name = "." + String.join(".", names);
        Object value = variables.get(names.getFirst());
        if (value == null) {
            String near = Words.nearest(names.getFirst(), variables.keySet())
                    .map(n -> "; did you mean {{." + n + "}}?")
                    .orElse("; known are " + String.join(", ", variables.keySet()));
            throw new TemplateFault(true, "there is no variable {{" + name + "}}" + near);
        }
        for (String step : names.subList(1, names.size())) {
            if (!(value instanceof Map<?, ?> map)) {
                throw new TemplateFault(true, "there is no variable {{" + name + "}}");
            }
            value = map.containsKey(step) ? Objects.requireNonNull(map.get(step)) : MISSING;
        }
        return value;
    }

    private String literal(char quote) throws TemplateFault {
        StringBuilder value = new StringBuilder();
        for (at++; at < text.length(); at++) {
            char c = text.charAt(at);
            if (c == quote) {
                at++;
                return value.toString();
            }
            if (c == '\\' && quote == '"' && at + 1 < text.length()) {
                at++;
                value.append(
                        switch (text.charAt(at)) {
                            case 'n' -> '\n';
                            case 't' -> '\t';
                            case 'r' -> '\r';
                            case '"' -> '"';
                            case '\\' -> '\\';
                            default -> throw new TemplateFault(true, "the escape \\" + text.charAt(at) + " is unknown");
                        });
            } else {
                value.append(c);
            }
        }
        throw new TemplateFault(false, "a quote is not closed");
    }

    private Long number() throws TemplateFault {
        int start = at++;
        while (at < text.length() && Character.isLetterOrDigit(text.charAt(at))) {
            at++;
        }
        try {
            return Long.valueOf(text.substring(start, at));
        } catch (NumberFormatException e) {
            throw new TemplateFault(false, "\"" + text.substring(start, at) + "\" is not a number");
        }
    }

    private String word() {
        // After a dot no blank may stand, so only a word at the start of an operand skips them.
        if (at == 0 || text.charAt(at - 1) != '.') {
            skipBlanks();
        }
        int start = at;
        while (at < text.length()
                && (Character.isLetter(text.charAt(at))
                        || text.charAt(at) == '_'
                        || at > start && Character.isDigit(text.charAt(at)))) {
            at++;
        }
        return text.substring(start, at);
    }

    private char peek() {
        skipBlanks();
        return at < text.length() ? text.charAt(at) : 0;
    }

    private void skipBlanks() {
        while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
            at++;
        }
    }
}
