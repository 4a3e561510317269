// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.template;

import io.jlima.cli.internal.template.Node.Expression;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Makes a tree of the pieces of a template. */
final class Parser {
    private final List<Lexer.Piece> pieces;
    private int at;

    Parser(List<Lexer.Piece> pieces) {
        this.pieces = pieces;
    }

    List<Node> parse() {
        List<Node> nodes = block();
        if (at < pieces.size()) {
            throw new TemplateFault("unexpected {{" + pieces.get(at).text() + "}}");
        }
        return nodes;
    }

    /** Up to the {@code else} or {@code end} that is not its own, which stays. */
    private List<Node> block() {
        List<Node> nodes = new ArrayList<>();
        while (at < pieces.size()) {
            Lexer.Piece piece = pieces.get(at);
            if (piece.tokens() == null) {
                nodes.add(new Node.Text(piece.text()));
                at++;
                continue;
            }
            Words words = new Words(piece.tokens());
            switch (words.peek()) {
                case "end", "else" -> {
                    return nodes;
                }
                case "if" -> nodes.add(condition(words, false));
                case "with" -> nodes.add(condition(words, true));
                case "range" -> nodes.add(range(words));
                case "break", "continue" -> {
                    nodes.add(new Node.Leave(words.next().equals("continue")));
                    at++;
                }
                case "define", "template", "block" ->
                    throw new TemplateFault("{{" + words.peek() + "}} is not supported");
                default -> {
                    nodes.add(new Node.Action(words.statement()));
                    words.end();
                    at++;
                }
            }
        }
        return nodes;
    }

    private Node condition(Words words, boolean with) {
        words.next();
        Expression value = words.statement();
        words.end();
        at++;
        List<Node> then = block();
        List<Node> otherwise = otherwise();
        return with ? new Node.With(value, then, otherwise) : new Node.If(value, then, otherwise);
    }

    /** What follows {@code else}, and the {@code end}. */
    private List<Node> otherwise() {
        Words words = new Words(closing().tokens());
        if (words.next().equals("end")) {
            words.end();
            at++;
            return List.of();
        }
        if (words.hasNext()) {
            // {{else if}} and {{else with}}: its end is ours.
            if (!words.peek().equals("if") && !words.peek().equals("with")) {
                throw new TemplateFault("unexpected \"" + words.peek() + "\" after else");
            }
            return List.of(condition(words, words.peek().equals("with")));
        }
        at++;
        List<Node> otherwise = block();
        Words end = new Words(closing().tokens());
        if (!end.next().equals("end")) {
            throw new TemplateFault("expected end; found {{else}}");
        }
        at++;
        return otherwise;
    }

    private Lexer.Piece closing() {
        if (at == pieces.size()) {
            throw new TemplateFault("unexpected EOF: an {{end}} is missing");
        }
        return pieces.get(at);
    }

    private Node range(Words words) {
        words.next();
        String index = null;
        String element = null;
        if (words.declares()) {
            element = words.next().substring(1);
            if (words.hasNext() && words.peek().equals(",")) {
                words.next();
                index = element;
                element = words.next().substring(1);
            }
            words.next();
        }
        Expression over = words.pipeline();
        words.end();
        at++;
        List<Node> body = block();
        return new Node.Range(index, element, over, body, otherwise());
    }

    /** The words of one action. */
    private static final class Words {
        private final List<String> tokens;
        private int next;

        Words(@Nullable List<String> tokens) {
            this.tokens = tokens == null ? List.of() : tokens;
        }

        private void skipBlanks() {
            while (next < tokens.size() && tokens.get(next).equals(" ")) {
                next++;
            }
        }

        boolean hasNext() {
            skipBlanks();
            return next < tokens.size();
        }

        String peek() {
            return hasNext() ? tokens.get(next) : "";
        }

        String next() {
            if (!hasNext()) {
                throw new TemplateFault("missing value for command");
            }
            return tokens.get(next++);
        }

        void end() {
            if (hasNext()) {
                throw new TemplateFault("unexpected \"" + peek() + "\" in command");
            }
        }

        /** Whether what follows is {@code $x :=} or {@code $x, $y :=}. */
        boolean declares() {
            return peek().startsWith("$") && tokens.subList(next, tokens.size()).contains(":=");
        }

        Expression statement() {
            skipBlanks();
            if (peek().startsWith("$")) {
                int start = next;
                String name = next().substring(1);
                String operator = peek();
                if (operator.equals(":=") || operator.equals("=")) {
                    next();
                    return new Node.Assignment(name, operator.equals(":="), pipeline());
                }
                next = start;
            }
            return pipeline();
        }

        Expression pipeline() {
            List<Expression> stages = new ArrayList<>();
            stages.add(command());
            while (peek().equals("|")) {
                next();
                stages.add(command());
            }
            return stages.size() == 1 ? stages.getFirst() : new Node.Pipeline(stages);
        }

        /** A value, or a function with its arguments. */
        private Expression command() {
            String word = peek();
            if (isName(word) && !isConstant(word)) {
                next();
                List<Expression> arguments = new ArrayList<>();
                while (hasNext() && !peek().equals("|") && !peek().equals(")")) {
                    arguments.add(operand());
                }
                return new Node.Call(word, arguments);
            }
            return operand();
        }

        private static boolean isName(String word) {
            return !word.isEmpty() && (Character.isLetter(word.charAt(0)) || word.charAt(0) == '_');
        }

        private static boolean isConstant(String word) {
            return word.equals("true") || word.equals("false") || word.equals("nil");
        }

        private Expression operand() {
            String word = next();
            if (word.equals("(")) {
                Expression inner = pipeline();
                if (!next().equals(")")) {
                    throw new TemplateFault("unclosed left paren");
                }
                return new Node.Nested(inner, fields());
            }
            if (word.startsWith("$")) {
                return new Node.Variable(word.substring(1), fields());
            }
            if (word.equals(".")) {
                return new Node.Field(List.of());
            }
            if (word.startsWith(".")) {
                List<String> names = new ArrayList<>(List.of(word.substring(1)));
                names.addAll(fields());
                return new Node.Field(names);
            }
            if (isConstant(word)) {
                return new Node.Literal(word.equals("nil") ? null : Boolean.valueOf(word));
            }
            if (isName(word)) {
                return new Node.Call(word, List.of());
            }
            return new Node.Literal(Literals.value(word));
        }

        /** Names that follow without a blank. */
        private List<String> fields() {
            List<String> names = new ArrayList<>();
            while (next < tokens.size()
                    && tokens.get(next).startsWith(".")
                    && tokens.get(next).length() > 1) {
                names.add(tokens.get(next++).substring(1));
            }
            return names;
        }
    }
}
