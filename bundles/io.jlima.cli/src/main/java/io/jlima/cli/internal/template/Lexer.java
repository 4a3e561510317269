// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.template;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Takes a template apart: plain text, and the words within braces. */
final class Lexer {
    private static final Pattern TOKEN = Pattern.compile("""
            \\s+|"(?:[^"\\\\\\n]|\\\\.)*"|`[^`]*`|'(?:[^'\\\\]|\\\\.)+'|:=|=|\\||,|\\(|\\)|\\.[A-Za-z_0-9][A-Za-z_0-9]*|\\.\
            |\\$[A-Za-z_0-9]*|[A-Za-z_][A-Za-z_0-9]*|[+-]?[0-9][0-9.eExX_a-fA-F]*""");

    private Lexer() {}

    /** @param tokens null for plain text, which is in {@code text} */
    record Piece(
            String text, @org.jspecify.annotations.Nullable List<String> tokens) {}

    static List<Piece> pieces(String template) {
        List<Piece> pieces = new ArrayList<>();
        int at = 0;
        boolean trim = false;
        while (true) {
            int open = template.indexOf("{{", at);
            String plain = template.substring(at, open < 0 ? template.length() : open);
            plain = trim ? plain.stripLeading() : plain;
            if (open < 0) {
                pieces.add(new Piece(plain, null));
                return pieces;
            }
            int inside = open + 2;
            if (template.startsWith("- ", inside) || template.startsWith("-\n", inside)) {
                plain = plain.stripTrailing();
                inside++;
            }
            pieces.add(new Piece(plain, null));
            int close = close(template, inside);
            String action = template.substring(inside, close);
            trim = action.endsWith(" -") || action.endsWith("\n-");
            action = trim ? action.substring(0, action.length() - 1) : action;
            if (!action.strip().startsWith("/*")) {
                pieces.add(new Piece(action.strip(), tokens(action)));
            }
            at = close + 2;
        }
    }

    /** Where the braces close; those within quotes and comments do not. */
    private static int close(String template, int from) {
        int i = from;
        while (i < template.length()) {
            char c = template.charAt(i);
            if (template.startsWith("}}", i)) {
                return i;
            }
            if (template.startsWith("/*", i)) {
                int end = template.indexOf("*/", i);
                i = end < 0 ? template.length() : end + 2;
            } else if (c == '"' || c == '`' || c == '\'') {
                i = endOfQuote(template, i) + 1;
            } else {
                i++;
            }
        }
        throw new TemplateFault("unclosed action");
    }

    private static int endOfQuote(String template, int start) {
        char quote = template.charAt(start);
        for (int i = start + 1; i < template.length(); i++) {
            if (template.charAt(i) == '\\' && quote != '`') {
                i++;
            } else if (template.charAt(i) == quote) {
                return i;
            }
        }
        throw new TemplateFault("unterminated quoted string");
    }

    /** A blank is a token too: {@code .a .b} and {@code .a.b} differ. */
    private static List<String> tokens(String action) {
        List<String> tokens = new ArrayList<>();
        Matcher token = TOKEN.matcher(action);
        int at = 0;
        while (at < action.length()) {
            if (!token.find(at) || token.start() != at) {
                throw new TemplateFault("unexpected " + quoted(action.substring(at, at + 1)) + " in command");
            }
            tokens.add(token.group().isBlank() ? " " : token.group());
            at = token.end();
        }
        return tokens;
    }

    static String quoted(String text) {
        return "\"" + text + "\"";
    }
}
