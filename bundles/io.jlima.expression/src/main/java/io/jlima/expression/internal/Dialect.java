// SPDX-License-Identifier: Apache-2.0
package io.jlima.expression.internal;

import io.jlima.api.LimaException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What yq's spelling of an expression needs before a parser of jq can read it: a key may hold hyphens, so {@code .a-b}
 * becomes {@code ."a-b"}, and commas bind as they do in yq. What would reach outside the tree, or run for ever, is refused by name.
 */
final class Dialect {
    private static final String OUTSIDE = "an expression sees the text it edits and nothing else: the environment,"
            + " files and other programs are off; let your shell put the value in, for example \".env.A=\\\"$A\\\"\"";

    private static final String ENDLESS = "it could run for ever; use the elements of a list instead";

    private static final String STYLE = "comments and styles of the text are kept as they are and cannot be edited";

    private static final Set<String> OUTSIDE_WORDS = Set.of(
            "env",
            "strenv",
            "envsubst",
            "load",
            "loadstr",
            "load_str",
            "load_xml",
            "load_props",
            "load_base64",
            "strload",
            "system",
            "input",
            "inputs",
            "input_filename",
            "input_line_number",
            "filename",
            "debug",
            "stderr",
            "halt",
            "halt_error",
            "get_search_list",
            "import",
            "include",
            "modulemeta");

    private static final Set<String> ENDLESS_WORDS = Set.of(
            "def", "range", "repeat", "until", "while", "recurse", "recurse_down", "limit", "combinations", "walk");

    private static final Set<String> STYLE_WORDS =
            Set.of("line_comment", "head_comment", "foot_comment", "comments", "style", "anchor", "alias");

    private static final Map<String, String> OTHERS = Map.of(
            "ireduce", "write it as jq does: reduce .list[] as $item (0; . + $item)",
            "lineno", "places in the text are not known to expressions",
            "split_doc", "a lima.yaml is one document");

    /** Words of constructs that a comma may stand within. */
    private static final Set<String> STATEMENTS =
            Set.of("if", "then", "elif", "else", "end", "as", "reduce", "foreach", "try", "catch", "label", "break");

    private final String text;
    private final StringBuilder out = new StringBuilder();
    private int at;

    private Dialect(String text) {
        this.text = text;
    }

    /**
     * @throws LimaException when the expression asks for what it may not have
     */
    static String translate(String expression) {
        Dialect dialect = new Dialect(expression);
        dialect.level((char) 0);
        return dialect.out.toString();
    }

    /**
     * A stretch between commas.
     *
     * @param piped whether it has a pipe of its own
     */
    private record Piece(int start, int end, boolean piped) {}

    /**
     * What stands between two brackets, or in the whole text. In yq a comma binds weaker than a pipe, in jq tighter: a
     * piece with a pipe among pieces with commas gets parentheses.
     *
     * @param closing the bracket that ends it, which is left to be read; 0 for the end of the text
     */
    private void level(char closing) {
        List<Piece> pieces = new ArrayList<>();
        int start = out.length();
        boolean piped = false;
        boolean plain = closing != '}';
        while (at < text.length() && text.charAt(at) != closing) {
            char c = text.charAt(at);
            switch (c) {
                case '"' -> string();
                case '#' -> comment();
                case '(' -> inside(')');
                case '[' -> inside(']');
                case '{' -> inside('}');
                case ',', ';' -> {
                    pieces.add(new Piece(start, out.length(), piped));
                    if (c == ';') {
                        join(pieces, plain);
                        pieces.clear();
                    }
                    copy();
                    start = out.length();
                    piped = false;
                }
                case '|' -> {
                    piped |= next(1) != '=';
                    copy();
                }
                default -> {
                    if (c == '$' || isWordStart(c)) {
                        plain &= !STATEMENTS.contains(word(c == '$'));
                    } else if (isWordPart(c)) {
                        number();
                    } else {
                        copy();
                    }
                }
            }
        }
        pieces.add(new Piece(start, out.length(), piped));
        join(pieces, plain);
    }

    private void copy() {
        out.append(text.charAt(at++));
    }

    private void inside(char closing) {
        copy();
        level(closing);
        if (at < text.length()) {
            copy();
        }
    }

    /** @param plain whether commas here part values, and nothing else */
    private void join(List<Piece> pieces, boolean plain) {
        if (!plain || pieces.size() < 2) {
            return;
        }
        for (Piece piece : pieces.reversed()) {
            if (piece.piped()) {
                out.insert(piece.end(), ')').insert(piece.start(), '(');
            }
        }
    }

    private char next(int distance) {
        return at + distance < text.length() ? text.charAt(at + distance) : 0;
    }

    private void string() {
        out.append('"');
        at++;
        while (at < text.length()) {
            char c = text.charAt(at++);
            out.append(c);
            if (c == '"') {
                return;
            }
            if (c == '\\' && at < text.length()) {
                char escaped = text.charAt(at++);
                out.append(escaped);
                if (escaped == '(') {
                    level(')');
                }
            }
        }
    }

    private void comment() {
        while (at < text.length() && text.charAt(at) != '\n') {
            at++;
        }
    }

    /** Digits, so that the letter of 1e3 is not taken for a word. */
    private void number() {
        while (at < text.length() && (isWordPart(text.charAt(at)) || text.charAt(at) == '.')) {
            out.append(text.charAt(at++));
        }
    }

    /** @return the word, empty for a key */
    private String word(boolean variable) {
        int start = at++;
        while (at < text.length() && isWordPart(text.charAt(at))) {
            at++;
        }
        boolean key = !out.isEmpty() && out.charAt(out.length() - 1) == '.';
        if (key) {
            while (next(0) == '-' && isWordPart(next(1))) {
                at++;
                while (at < text.length() && isWordPart(text.charAt(at))) {
                    at++;
                }
            }
        }
        String word = text.substring(start, at);
        if (key && word.contains("-")) {
            out.append('"').append(word).append('"');
            return "";
        }
        if (!key && !isKeyOfObject() && (!variable || word.equals("$ENV"))) {
            refuse(variable ? "env" : word, word);
        }
        out.append(word);
        return key ? "" : word;
    }

    private boolean isKeyOfObject() {
        int i = at;
        while (i < text.length() && Character.isWhitespace(text.charAt(i))) {
            i++;
        }
        return i < text.length() && text.charAt(i) == ':';
    }

    private static void refuse(String word, String written) {
        if (word.startsWith("_")) {
            throw new LimaException("an expression cannot use \"" + written + "\"", "no function is named so");
        }
        String why = OUTSIDE_WORDS.contains(word)
                ? OUTSIDE
                : ENDLESS_WORDS.contains(word) ? ENDLESS : STYLE_WORDS.contains(word) ? STYLE : OTHERS.get(word);
        if (why != null) {
            throw new LimaException("an expression cannot use \"" + written + "\"", why);
        }
    }

    private static boolean isWordStart(char c) {
        return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z';
    }

    private static boolean isWordPart(char c) {
        return isWordStart(c) || c >= '0' && c <= '9';
    }
}
