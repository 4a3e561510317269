// SPDX-License-Identifier: Apache-2.0
package io.jlima.config.internal.template;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The part of Go's text/template that templates use: variables, {@code if}, {@code else if}, {@code else}, {@code end},
 * comments and trim markers. Pure.
 */
public final class GoTemplate {
    private static final Pattern WORD = Pattern.compile("(if|else\\s+if|else|end)(?=\\s|\\(|$)\\s*", Pattern.DOTALL);

    private static final String BLANKS = " \t\r\n";

    private final String text;
    private final Map<String, Object> variables;
    private final StringBuilder output = new StringBuilder();
    private final Deque<Branch> open = new ArrayDeque<>();
    private int at;

    /** One {@code if} and what follows it up to its {@code end}. */
    private static final class Branch {
        final boolean outerShown;
        boolean taken;
        boolean shown;
        boolean elseSeen;

        Branch(boolean outerShown, boolean condition) {
            this.outerShown = outerShown;
            this.taken = condition;
            this.shown = outerShown && condition;
        }
    }

    private GoTemplate(String text, Map<String, Object> variables) {
        this.text = text;
        this.variables = variables;
    }

    /**
     * Evaluates a text.
     *
     * @param variables by name without the dot; values are String, Long, Boolean or a Map of Strings
     */
    public static String evaluate(String text, Map<String, Object> variables) throws TemplateFault {
        return text.contains("{{") ? new GoTemplate(text, variables).run() : text;
    }

    private String run() throws TemplateFault {
        boolean trimNext = false;
        while (true) {
            int start = text.indexOf("{{", at);
            String plain = text.substring(at, start < 0 ? text.length() : start);
            if (trimNext) {
                plain = stripLeading(plain);
            }
            if (start < 0) {
                emit(plain);
                break;
            }
            int inside = start + 2;
            if (text.startsWith("-", inside) && inside + 1 < text.length() && isBlank(text.charAt(inside + 1))) {
                plain = stripTrailing(plain);
                inside += 2;
            }
            emit(plain);
            int end = endOfAction(inside);
            String action = text.substring(inside, end);
            trimNext = action.length() > 1 && action.endsWith("-") && isBlank(action.charAt(action.length() - 2));
            at = end + 2;
            try {
                act(trimNext ? action.substring(0, action.length() - 1) : action);
            } catch (TemplateFault e) {
                throw located(e, start);
            }
        }
        if (!open.isEmpty()) {
            throw new TemplateFault(false, "an {{if}} has no {{end}}");
        }
        return output.toString();
    }

    /** Where the closing braces are; braces within quotes and comments do not close. */
    private int endOfAction(int from) throws TemplateFault {
        int i = from;
        while (i < text.length()) {
            char c = text.charAt(i);
            if (text.startsWith("}}", i)) {
                return i;
            }
            if (text.startsWith("/*", i)) {
                int close = text.indexOf("*/", i + 2);
                i = close < 0 ? text.length() : close + 2;
            } else if (c == '"' || c == '`') {
                i = endOfQuote(i) + 1;
            } else {
                i++;
            }
        }
        throw located(new TemplateFault(false, "{{ is not closed by }}"), from);
    }

    private int endOfQuote(int start) {
        char quote = text.charAt(start);
        for (int i = start + 1; i < text.length(); i++) {
            if (text.charAt(i) == '\\' && quote == '"') {
                i++;
            } else if (text.charAt(i) == quote) {
                return i;
            }
        }
        return text.length();
    }

    private void act(String action) throws TemplateFault {
        String body = action.strip();
        if (body.startsWith("/*") && body.endsWith("*/")) {
            return;
        }
        Matcher word = WORD.matcher(body);
        if (!word.lookingAt()) {
            Object value = Expression.evaluate(body, variables);
            if (shown()) {
                emit(printed(body, value));
            }
            return;
        }
        String rest = body.substring(word.end());
        switch (word.group(1).replaceAll("\\s+", " ")) {
            case "if" -> open.push(new Branch(shown(), condition(rest)));
            case "else if" -> {
                Branch branch = branch("else if");
                boolean condition = condition(rest);
                branch.shown = branch.outerShown && !branch.taken && condition;
                branch.taken |= condition;
            }
            case "else" -> {
                Branch branch = branch("else");
                branch.elseSeen = true;
                branch.shown = branch.outerShown && !branch.taken;
                refuseRest(rest);
            }
            default -> {
                if (open.isEmpty()) {
                    throw new TemplateFault(false, "{{end}} has no {{if}}");
                }
                open.pop();
                refuseRest(rest);
            }
        }
    }

    private Branch branch(String word) throws TemplateFault {
        Branch branch = open.peek();
        if (branch == null || branch.elseSeen) {
            throw new TemplateFault(false, "{{" + word + "}} has no {{if}}");
        }
        return branch;
    }

    private static void refuseRest(String rest) throws TemplateFault {
        if (!rest.isBlank()) {
            throw new TemplateFault(false, "\"" + rest + "\" is not expected in a template");
        }
    }

    private boolean condition(String expression) throws TemplateFault {
        return Expression.isTrue(Expression.evaluate(expression, variables));
    }

    private boolean shown() {
        return open.isEmpty() || open.element().shown;
    }

    private void emit(String part) {
        if (shown()) {
            output.append(part);
        }
    }

    private static String printed(String expression, Object value) throws TemplateFault {
        if (value == Expression.MISSING) {
            throw new TemplateFault(true, "{{" + expression + "}} is not defined under param");
        }
        if (value instanceof Map) {
            throw new TemplateFault(true, "{{" + expression + "}} is not a single value");
        }
        return value.toString();
    }

    private TemplateFault located(TemplateFault fault, int position) {
        long line = text.substring(0, position).chars().filter(c -> c == '\n').count() + 1;
        return text.indexOf('\n') < 0
                ? fault
                : new TemplateFault(fault.isRefused(), "line " + line + " of it: " + fault.getMessage());
    }

    private static boolean isBlank(char c) {
        return BLANKS.indexOf(c) >= 0;
    }

    private static String stripLeading(String part) {
        int from = 0;
        while (from < part.length() && isBlank(part.charAt(from))) {
            from++;
        }
        return part.substring(from);
    }

    private static String stripTrailing(String part) {
        int to = part.length();
        while (to > 0 && isBlank(part.charAt(to - 1))) {
            to--;
        }
        return part.substring(0, to);
    }
}
