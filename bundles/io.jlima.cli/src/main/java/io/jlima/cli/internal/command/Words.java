// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.command;

import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Words for a POSIX shell. */
final class Words {
    private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9_@%+=:,./-]+");

    /** Only a name may stand bare before the equals sign: of anything else, the shell would make something else. */
    private static final Pattern ASSIGNMENT = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*=");

    private Words() {}

    /** The word so written that a shell reads exactly it. */
    static String quote(String word) {
        return PLAIN.matcher(word).matches() ? word : "'" + word.replace("'", "'\"'\"'") + "'";
    }

    /** A command line of these words, in which leading words such as {@code A=b c} are assignments. */
    static String commandLine(List<String> words) {
        int first = assignments(words);
        return java.util.stream.IntStream.range(0, words.size())
                .mapToObj(i -> i < first ? assignment(words.get(i)) : quote(words.get(i)))
                .collect(Collectors.joining(" "));
    }

    /** The word of a command line that names a program; empty when there are only assignments. */
    static Optional<String> program(List<String> words) {
        return words.stream().skip(assignments(words)).findFirst();
    }

    private static int assignments(List<String> words) {
        int count = 0;
        while (count < words.size() && ASSIGNMENT.matcher(words.get(count)).lookingAt()) {
            count++;
        }
        return count;
    }

    private static String assignment(String word) {
        int equals = word.indexOf('=');
        return word.substring(0, equals + 1) + quote(word.substring(equals + 1));
    }
}
