// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal;

import io.jlima.api.command.Invocation;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * JSON and YAML for the eyes of somebody at a terminal. Only colours are put into a text: without them it is what it was.
 * They are those of Lima, which has them from yq.
 */
public final class Colours {
    /** Set, to anything, it makes standard output count as a terminal; Lima's own tests need that, and so do ours. */
    private static final String TAKEN_FOR_TERMINAL = "_LIMA_OUTPUT_IS_TTY";

    private static final int KEY = 36;
    private static final int STRING = 32;
    private static final int NUMBER_OR_TRUTH = 95;
    private static final int ANCHOR = 93;
    private static final int COMMENT = 90;

    private static final String QUOTED = "\"(?:[^\"\\\\]|\\\\.)*+\"?|'[^']*+'?";

    /** Dashes of a list, a key with its colon, and all else. */
    private static final Pattern LINE = Pattern.compile("(?<lead>\\s*+(?:-(?:\\s++|$))*+)" + "(?:(?<key>" + QUOTED
            + "|[^\\s\"'#\\[\\]{},&*!|>%@`](?:[^#]|(?<!\\s)#)*?):(?=\\s|$))?(?<rest>.*+)");

    /** Blanks, a tag, an anchor, a value and a comment, each of which may be missing. */
    private static final Pattern REST =
            Pattern.compile("(?<before>\\s*+(?:!\\S*+\\s*+)?)(?<anchor>[&*]\\S++)?(?<blank>\\s*+)" + "(?<value>"
                    + QUOTED + "|(?!#).*?)??(?<comment>(?:\\s++|(?<=^|\\s))#.*)?\\s*+");

    private static final Pattern NUMBER_OR_TRUTH_WORD = Pattern.compile("true|false|[-+]?[0-9][0-9_]*(?:\\.[0-9]+)?");
    private static final Pattern UNCOLOURED = Pattern.compile("[\\[{].*|~|null|");
    private static final Pattern BLOCK = Pattern.compile("[|>][-+0-9]*");

    private final boolean terminal;
    private final boolean on;

    private Colours(boolean terminal, boolean on) {
        this.terminal = terminal;
        this.on = on;
    }

    /** What suits the caller's standard output, and their {@code NO_COLOR}. */
    public static Colours of(Invocation invocation) {
        boolean terminal = invocation.streams().outTerminal()
                || invocation.caller().variable(TAKEN_FOR_TERMINAL).isPresent();
        return new Colours(
                terminal, terminal && invocation.caller().variable("NO_COLOR").isEmpty());
    }

    /** Whether somebody looks at it. */
    public boolean atTerminal() {
        return terminal;
    }

    /** Colours JSON that {@link Json} wrote; blanks and line ends have the colour of what they stand before. */
    public String json(String text) {
        if (!on) {
            return text;
        }
        StringBuilder out = new StringBuilder();
        int at = 0;
        while (at < text.length()) {
            int from = at;
            at = blanks(text, at);
            char c = at < text.length() ? text.charAt(at) : ' ';
            if (c == '"') {
                at = endOfString(text, at);
                boolean key = at < text.length() && text.charAt(at) == ':';
                paint(out, key ? KEY : STRING, text.substring(from, at));
            } else if (c == '-' || c >= '0' && c <= '9' || c == 't' || c == 'f') {
                while (at < text.length() && ",]}".indexOf(text.charAt(at)) < 0) {
                    at++;
                }
                paint(out, NUMBER_OR_TRUTH, text.substring(from, at));
            } else {
                at = Math.min(at + 1, text.length());
                out.append(text, from, at);
            }
        }
        return out.toString();
    }

    private static int blanks(String text, int from) {
        int at = from;
        while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
            at++;
        }
        return at;
    }

    private static int endOfString(String text, int quote) {
        int at = quote + 1;
        while (at < text.length() && text.charAt(at) != '"') {
            at += text.charAt(at) == '\\' ? 2 : 1;
        }
        return Math.min(at + 1, text.length());
    }

    /** Colours YAML, line by line. */
    public String yaml(String text) {
        if (!on) {
            return text;
        }
        StringBuilder out = new StringBuilder();
        int block = -1;
        for (String line : text.split("(?<=\n)")) {
            String bare = line.stripTrailing();
            if (block >= 0 && (bare.isEmpty() || blanks(line, 0) > block)) {
                paint(out, STRING, bare);
            } else {
                block = yamlLine(out, bare);
            }
            out.append(line, bare.length(), line.length());
        }
        return out.toString();
    }

    /** Returns how far what the line begins is indented if a block of text follows, else -1. */
    private static int yamlLine(StringBuilder out, String line) {
        Matcher parts = LINE.matcher(line);
        if (!parts.matches()) {
            out.append(line);
            return -1;
        }
        String lead = parts.group("lead");
        String key = parts.group("key");
        out.append(lead);
        if (key != null) {
            paint(out, KEY, key);
            out.append(':');
        }
        Matcher rest = REST.matcher(parts.group("rest"));
        if (!rest.matches()) {
            out.append(parts.group("rest"));
            return -1;
        }
        out.append(rest.group("before"));
        paint(out, ANCHOR, rest.group("anchor"));
        out.append(rest.group("blank"));
        String value = rest.group("value") == null ? "" : rest.group("value");
        boolean block = BLOCK.matcher(value).matches();
        if (block || UNCOLOURED.matcher(value).matches()) {
            out.append(value);
        } else {
            paint(out, NUMBER_OR_TRUTH_WORD.matcher(value).matches() ? NUMBER_OR_TRUTH : STRING, value);
        }
        paint(out, COMMENT, rest.group("comment"));
        return block ? (key != null ? lead.length() : lead.lastIndexOf('-')) : -1;
    }

    private static void paint(StringBuilder out, int colour, @Nullable String text) {
        if (text != null && !text.isEmpty()) {
            String on = "\u001b[" + colour + "m";
            String off = "\u001b[0m";
            out.append(on).append(text.replace("\n", off + "\n" + on)).append(off);
        }
    }
}
