// SPDX-License-Identifier: Apache-2.0
package io.jlima.itests;

import java.util.ArrayList;
import java.util.List;

/** What the program itself says of its commands: by its pages and its completion. */
record CommandPages(Home home) {
    /** What help lists, is completed and has a page: each command as its words. */
    List<List<String>> commands() {
        List<List<String>> commands = new ArrayList<>();
        for (String name : completed("")) {
            List<String> members = completed(name, "");
            boolean group = home.good(name, "--help").out().contains("COMMAND\n");
            if (group && !name.equals("console")) {
                members.forEach(member -> commands.add(List.of(name, member)));
            } else {
                commands.add(List.of(name));
            }
        }
        return commands;
    }

    /** Candidates for the last of the words. */
    List<String> completed(String... words) {
        List<String> request = new ArrayList<>(List.of("__complete"));
        request.addAll(List.of(words));
        return home.good(request.toArray(String[]::new))
                .out()
                .lines()
                .filter(l -> !l.startsWith(":"))
                .map(l -> l.split("\t")[0])
                .toList();
    }

    List<String> completed(List<String> command, String last) {
        List<String> words = new ArrayList<>(command);
        words.add(last);
        return completed(words.toArray(String[]::new));
    }

    /** Flags of the command without those that every command has. */
    List<String> ownFlags(List<String> command) {
        return completed(command, "--").stream()
                .filter(flag -> !List.of("--log-level", "--log-format", "--debug", "--tty", "--yes", "--help")
                        .contains(flag))
                .toList();
    }

    /** Whether the usage line has a word without brackets behind the command and its flags. */
    boolean needsArguments(List<String> command) {
        List<String> words = new ArrayList<>(command);
        words.add("--help");
        String start = "  limactl " + String.join(" ", command);
        String rest = home.good(words.toArray(String[]::new))
                .out()
                .lines()
                .filter(l -> l.startsWith(start))
                .findFirst()
                .orElseThrow()
                .substring(start.length())
                .replace("[flags]", "")
                .strip();
        return !rest.isEmpty() && !rest.startsWith("[");
    }
}
