// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.command;

import io.jlima.api.LimaException;
import io.jlima.api.command.Invocation;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A choice made on a terminal that can move its cursor: arrow keys move, typing narrows the list, a number or the
 * beginning of a name comes first in it, and the return key takes what is marked.
 */
final class Menu {
    private static final Logger LOG = LoggerFactory.getLogger(Menu.class);

    private static final String HINT = "  (arrows move, typing filters, return takes)";

    // Control characters as terminals send them in raw mode, see console_codes(4).
    private static final int INTERRUPT = 3;
    private static final int END = 4;
    private static final int BACKSPACE = 8;
    private static final int DOWN = 14;
    private static final int UP = 16;
    private static final int ESCAPE = 27;
    private static final int DELETE = 127;

    private static final int LEAST_ROWS = 5;

    private final Invocation invocation;
    private final String question;
    private final List<String> choices;
    private final int rows;
    private final int columns;
    private final boolean colours;
    private final StringBuilder typed = new StringBuilder();
    private List<Integer> shown;
    private int marked;
    private int drawn;

    private Menu(Invocation invocation, String question, List<String> choices) {
        this.invocation = invocation;
        this.question = question;
        this.choices = choices;
        this.rows = invocation.streams().rows();
        this.columns = invocation.streams().columns();
        this.colours = invocation.caller().variable("NO_COLOR").isEmpty();
        this.shown = matching();
    }

    /** Whether the caller's terminal can show one. */
    static boolean suits(Invocation invocation) {
        var streams = invocation.streams();
        return streams.inTerminal()
                && streams.outTerminal()
                && streams.rows() >= LEAST_ROWS
                && streams.columns() > HINT.length()
                && !invocation.caller().variable("TERM").orElse("dumb").equals("dumb");
    }

    /**
     * Asks which one.
     *
     * @return its index
     * @throws InterruptedException at Ctrl-C
     */
    static int choose(Invocation invocation, String question, List<String> choices) throws InterruptedException {
        Menu menu = new Menu(invocation, question, choices);
        try (AutoCloseable raw = invocation.rawTerminal()) {
            LOG.debug("A menu on a raw terminal {}", raw);
            return menu.choose();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException | RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new IllegalStateException("a terminal does not become as before", e);
        }
    }

    private int choose() throws IOException, InterruptedException {
        InputStream in = invocation.in();
        while (true) {
            draw();
            int key = in.read();
            switch (key) {
                case '\r', '\n' -> {
                    if (!shown.isEmpty()) {
                        int taken = shown.get(marked);
                        leave(choices.get(taken));
                        return taken;
                    }
                }
                case INTERRUPT -> {
                    leave("^C");
                    throw new InterruptedException("interrupted by user");
                }
                case -1, END -> {
                    leave("");
                    throw new LimaException("the question was not answered");
                }
                case ESCAPE -> escaped(in);
                case UP -> move(-1);
                case DOWN -> move(1);
                case BACKSPACE, DELETE -> {
                    typed.setLength(Math.max(0, typed.length() - 1));
                    narrow();
                }
                default -> {
                    if (key >= ' ') {
                        typed.append((char) key);
                        narrow();
                    }
                }
            }
        }
    }

    /** An arrow key is ESC [ A, or ESC O A; all others of that kind end with a letter or a tilde too. */
    private void escaped(InputStream in) throws IOException {
        int kind = in.read();
        if (kind != '[' && kind != 'O') {
            return;
        }
        int last;
        do {
            last = in.read();
        } while (last >= 0 && last < '@');
        if (last == 'A') {
            move(-1);
        } else if (last == 'B') {
            move(1);
        }
    }

    private void move(int by) {
        marked = shown.isEmpty() ? 0 : Math.floorMod(marked + by, shown.size());
    }

    private void narrow() {
        shown = matching();
        marked = 0;
    }

    private List<Integer> matching() {
        String wanted = typed.toString().strip().toLowerCase(Locale.ROOT);
        return IntStream.range(0, choices.size())
                .boxed()
                .filter(i -> rank(i, wanted) < 3)
                .sorted(Comparator.comparingInt(i -> rank(i, wanted)))
                .toList();
    }

    /** Its number, its beginning, anything within it, or nothing. */
    private int rank(int index, String wanted) {
        String choice = choices.get(index).toLowerCase(Locale.ROOT);
        if (wanted.equals(Integer.toString(index + 1))) {
            return 0;
        }
        return choice.startsWith(wanted) ? 1 : choice.contains(wanted) ? 2 : 3;
    }

    private void draw() {
        List<String> lines = broken("? " + question + " " + typed + (typed.isEmpty() ? HINT : ""));
        int room = Math.min(shown.size(), Math.max(1, rows - 1 - lines.size()));
        int first = Math.clamp(marked - room / 2, 0, shown.size() - room);
        for (int i = first; i < first + room; i++) {
            String line = fitting((i == marked ? "> " : "  ") + (shown.get(i) + 1) + ") " + choices.get(shown.get(i)));
            lines.add(i == marked && colours ? "\033[36m" + line + "\033[0m" : line);
        }
        if (shown.isEmpty()) {
            lines.add("  nothing has that in it");
        }
        erase();
        invocation.out().print(String.join("\r\n", lines));
        invocation.out().flush();
        drawn = lines.size();
    }

    /** At blanks, as far as there are any. */
    private List<String> broken(String text) {
        List<String> lines = new ArrayList<>();
        String rest = text;
        while (rest.length() >= columns) {
            int blank = rest.lastIndexOf(' ', columns - 1);
            lines.add(rest.substring(0, blank > 0 ? blank : columns - 1));
            rest = rest.substring(blank > 0 ? blank + 1 : columns - 1);
        }
        lines.add(rest);
        return lines;
    }

    /** A line that the terminal would break would be two to erase. */
    private String fitting(String line) {
        return line.length() < columns ? line : line.substring(0, columns - 1);
    }

    /** Back to the first line of what was drawn, all of which goes. */
    private void erase() {
        if (drawn > 1) {
            invocation.out().print("\033[" + (drawn - 1) + "A");
        }
        if (drawn > 0) {
            invocation.out().print("\r\033[J");
        }
    }

    private void leave(String answer) {
        erase();
        invocation.out().print(String.join("\r\n", broken("? " + question + " " + answer)) + "\r\n");
        invocation.out().flush();
    }
}
