// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.command;

import java.util.List;
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
        int assignments = 0;
        while (assignments < words.size()
                && ASSIGNMENT.matcher(words.get(assignments)).lookingAt()) {
            assignments++;
        }
        int first = assignments;
        return java.util.stream.IntStream.range(0, words.size())
                .mapToObj(i -> i < first ? assignment(words.get(i)) : quote(words.get(i)))
                .collect(Collectors.joining(" "));
    }

    private static String assignment(String word) {
        int equals = word.indexOf('=');
        return word.substring(0, equals + 1) + quote(word.substring(equals + 1));
    }
}
