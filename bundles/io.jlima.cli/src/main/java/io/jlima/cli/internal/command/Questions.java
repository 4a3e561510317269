// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.command;

import io.jlima.api.LimaException;
import io.jlima.api.command.Invocation;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;

/** Questions to somebody at a terminal. */
final class Questions {
    private static final int COLUMN_GAP = 2;

    /** Lines of the screen for the question and its answer. */
    private static final int AROUND = 3;

    private Questions() {}

    /** Whether anybody would answer. */
    static boolean possible(Invocation invocation) {
        return invocation.interactive() && invocation.streams().inTerminal();
    }

    /** Asks yes or no; just Enter is yes, the end of input is no. */
    static boolean confirm(Invocation invocation, String question) {
        while (true) {
            invocation.out().print("? " + question + " (Y/n) ");
            invocation.out().flush();
            String answer = line(invocation);
            if (answer == null) {
                invocation.out().println();
                return false;
            }
            switch (answer.strip().toLowerCase(Locale.ROOT)) {
                case "", "y", "yes" -> {
                    return true;
                }
                case "n", "no" -> {
                    return false;
                }
                default -> invocation.out().println("Please answer y or n.");
            }
        }
    }

    /**
     * Asks which one; just Enter is the first.
     *
     * @return its index
     */
    static int choose(Invocation invocation, String question, List<String> choices) throws InterruptedException {
        return Menu.suits(invocation)
                ? Menu.choose(invocation, question, choices)
                : chooseByLine(invocation, question, choices);
    }

    /** On a terminal that only prints. */
    private static int chooseByLine(Invocation invocation, String question, List<String> choices) {
        while (true) {
            invocation
                    .out()
                    .print("? " + question + "\n"
                            + table(
                                    choices,
                                    invocation.streams().columns(),
                                    invocation.streams().rows()) + "Number or name (1): ");
            invocation.out().flush();
            String answer = line(invocation);
            if (answer == null) {
                throw new LimaException("the question was not answered");
            }
            if (answer.isBlank()) {
                return 0;
            }
            List<String> near = choices.stream()
                    .filter(c ->
                            c.toLowerCase(Locale.ROOT).startsWith(answer.strip().toLowerCase(Locale.ROOT)))
                    .toList();
            if (near.size() == 1) {
                return choices.indexOf(near.getFirst());
            }
            if (answer.strip().matches("\\d{1,4}")) {
                int number = Integer.parseInt(answer.strip());
                if (number >= 1 && number <= choices.size()) {
                    return number - 1;
                }
            }
            invocation
                    .out()
                    .println("Please answer with a number from 1 to " + choices.size()
                            + ", or the beginning of one name.");
        }
    }

    /** The choices below each other, in as many columns as it takes to have them all on the screen. */
    static String table(List<String> choices, int screenColumns, int screenRows) {
        int rows = screenRows > AROUND ? screenRows - AROUND : choices.size();
        int width = 2
                + Integer.toString(choices.size()).length()
                + choices.stream().mapToInt(String::length).max().orElse(0);
        int columns = Math.clamp(screenColumns / (width + COLUMN_GAP), 1, Math.ceilDiv(choices.size(), rows));
        int height = Math.ceilDiv(choices.size(), columns);
        StringBuilder text = new StringBuilder();
        for (int row = 0; row < height; row++) {
            StringBuilder line = new StringBuilder();
            for (int i = row; i < choices.size(); i += height) {
                String choice = (i + 1) + ") " + choices.get(i);
                line.append("  ").append(choice).repeat(' ', Math.max(0, width - choice.length()));
            }
            text.append(line.toString().stripTrailing()).append('\n');
        }
        return text.toString();
    }

    /** One line of input without its end; null when there is no more. Takes no byte beyond it. */
    static @org.jspecify.annotations.Nullable String line(Invocation invocation) {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        InputStream in = invocation.in();
        try {
            int c;
            while ((c = in.read()) >= 0) {
                if (c == '\n') {
                    return line.toString(StandardCharsets.UTF_8);
                }
                line.write(c);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return line.size() == 0 ? null : line.toString(StandardCharsets.UTF_8);
    }
}
