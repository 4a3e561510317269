// SPDX-License-Identifier: Apache-2.0
package io.jlima.client;

import java.io.IOException;
import java.nio.charset.StandardCharsets;

/** The caller's terminal, handled through stty(1), which is on every POSIX system. */
final class Terminal {
    private final String saved;

    private Terminal(String saved) {
        this.saved = saved;
    }

    /** Passes every key as it is, until {@link #restore}. */
    static Terminal raw() {
        Terminal terminal = new Terminal(stty("-g"));
        stty("raw", "-echo");
        return terminal;
    }

    void restore() {
        if (!saved.isEmpty()) {
            stty(saved);
        }
    }

    /** Columns and rows; zeros when they cannot be found out. */
    int[] size() {
        String[] words = stty("size").split(" ");
        try {
            return words.length == 2
                    ? new int[] {Integer.parseInt(words[1]), Integer.parseInt(words[0])}
                    : new int[] {0, 0};
        } catch (NumberFormatException e) {
            return new int[] {0, 0};
        }
    }

    /** As SIGTSTP does where nobody catches it; returns when the process goes on. */
    static void stopThisProcess() {
        run(
                "/bin/sh",
                "-c",
                "kill -s STOP \"$0\"",
                Long.toString(ProcessHandle.current().pid()));
    }

    private static String stty(String... words) {
        String[] command = new String[words.length + 1];
        command[0] = "stty";
        System.arraycopy(words, 0, command, 1, words.length);
        return run(command);
    }

    private static String run(String... command) {
        try {
            Process process = new ProcessBuilder(command)
                    .redirectInput(ProcessBuilder.Redirect.INHERIT)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            String answer = new String(process.getInputStream().readAllBytes(), StandardCharsets.US_ASCII).strip();
            process.waitFor();
            return answer;
        } catch (IOException e) {
            return "";
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return "";
        }
    }
}
