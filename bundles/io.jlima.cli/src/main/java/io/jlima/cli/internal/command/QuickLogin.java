// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.command;

import java.util.List;
import java.util.Set;

/**
 * One command in a login shell, without starting one: the shell that sshd starts anyway reads the profiles itself, if it
 * is bash. Where the guest's processor is emulated, that halves the time of a short command.
 */
final class QuickLogin {
    /** sshd hands the line over as one word, of which Linux takes 128 KiB, and the command is in it twice. */
    private static final int LONGEST = 16384;

    /** Reserved words of bash(1): a line that begins with one is no simple command. */
    private static final Set<String> RESERVED = Set.of(
            "case",
            "coproc",
            "do",
            "done",
            "elif",
            "else",
            "esac",
            "fi",
            "for",
            "function",
            "if",
            "in",
            "select",
            "then",
            "time",
            "until",
            "while");

    /** What bash(1) reads as a login shell that is not interactive, see its section INVOCATION. */
    private static final String PROFILES = """
            BASH_ARGV0=%s
            [ -r /etc/profile ] && . /etc/profile
            if [ -r ~/.bash_profile ]; then . ~/.bash_profile
            elif [ -r ~/.bash_login ]; then . ~/.bash_login
            elif [ -r ~/.profile ]; then . ~/.profile
            fi
            """;

    private QuickLogin() {}

    /** Whether it would be the same as a shell that is started for the command. */
    static boolean suits(String shell, List<String> command, boolean terminal) {
        return !terminal
                && (shell.equals("/bin/bash") || shell.equals("/usr/bin/bash"))
                && Words.program(command)
                        .filter(program -> !RESERVED.contains(program))
                        .isPresent()
                && Words.commandLine(command).length() <= LONGEST;
    }

    /**
     * The line for sshd. Shells that are no bash start one; they only read the rest, which is one quoted word to them.
     *
     * @param directory a command that enters the directory
     */
    static String line(String directory, String shell, List<String> command) {
        String line = Words.commandLine(command);
        return directory + " ; test -z \"$BASH_VERSION\" && exec " + Words.quote(shell) + " -l -c " + Words.quote(line)
                + " ; eval " + Words.quote(PROFILES.formatted(Words.quote(shell)) + inPlace(line, command));
    }

    /**
     * A program takes the shell's place, as the only command of a shell does; a builtin or a function of the profile
     * cannot. What hash knows is neither of them, and is found on PATH.
     */
    private static String inPlace(String line, List<String> command) {
        String program = Words.program(command).orElseThrow();
        String word = Words.quote(program);
        int at = line.length()
                - Words.commandLine(command.subList(command.indexOf(program), command.size()))
                        .length();
        String replacing = line.substring(0, at) + "exec " + line.substring(at);
        if (program.contains("/")) {
            return replacing;
        }
        return "if hash -- " + word + " 2>/dev/null && hash -t -- " + word + " >/dev/null 2>&1; then " + replacing
                + "; else :; " + line + "; fi";
    }
}
