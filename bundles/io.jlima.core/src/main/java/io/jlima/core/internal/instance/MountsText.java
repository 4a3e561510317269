// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.instance;

import io.jlima.api.instance.Mounts.Wanted;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Proposes changes of the list {@code mounts} in the text of a lima.yaml, line by line, so that all else stays as it is
 * written. Whoever uses a proposal reads it first: whether it says what is meant, only the reader of YAML knows.
 */
record MountsText(String text) {
    private static final Pattern KEY = Pattern.compile("mounts:(.*)");
    private static final Pattern BRACKETS = Pattern.compile("^mounts:[ \\t]+\\[", Pattern.MULTILINE);
    private static final Pattern NOTHING = Pattern.compile("\\s*(\\[\\s*\\]|null|~)?\\s*(#.*)?");
    private static final Pattern TYPE = Pattern.compile("mountType:[^#]*?((?:\\s+#.*)?)");
    private static final Pattern ITEM = Pattern.compile("( *)- .*");

    private List<String> lines() {
        List<String> lines = new ArrayList<>(List.of(text.split("\n", -1)));
        if (lines.getLast().isEmpty()) {
            lines.removeLast();
        }
        return lines;
    }

    private static String joined(List<String> lines) {
        return String.join("\n", lines) + "\n";
    }

    /** Texts with one more mount; none when the list is written in a way that no line can be added to. */
    List<String> with(Wanted mount) {
        List<String> lines = lines();
        int key = key(lines);
        if (key < 0) {
            lines.add("mounts:");
            lines.add("- " + flow(mount));
            return List.of(joined(lines));
        }
        Matcher rest = KEY.matcher(lines.get(key));
        if (!rest.matches() || !NOTHING.matcher(rest.group(1)).matches()) {
            return brackets().map(list -> list.with(flow(mount))).stream().toList();
        }
        List<Integer> items = items(lines, key);
        if (items.isEmpty()) {
            lines.set(key, "mounts:");
            lines.add(key + 1, "- " + flow(mount));
        } else {
            // Before the others, where no comment or end of an item is in the way.
            Matcher first = ITEM.matcher(lines.get(items.getFirst()));
            lines.add(items.getFirst(), (first.matches() ? first.group(1) : "") + "- " + flow(mount));
        }
        return List.of(joined(lines));
    }

    /** The text in which {@code mountType}, which says nothing so far, is this word. */
    String typed(String word) {
        List<String> lines = lines();
        for (int i = 0; i < lines.size(); i++) {
            Matcher type = TYPE.matcher(lines.get(i));
            if (type.matches()) {
                lines.set(i, "mountType: " + word + type.group(1));
                return joined(lines);
            }
        }
        lines.add("mountType: " + word);
        return joined(lines);
    }

    /** Texts that lack one of the mounts, one for each. */
    List<String> without() {
        List<String> lines = lines();
        int key = key(lines);
        if (key < 0) {
            return List.of();
        }
        Optional<FlowList> brackets = brackets();
        if (brackets.isPresent()) {
            return brackets.get().without();
        }
        List<Integer> items = items(lines, key);
        List<String> proposals = new ArrayList<>();
        for (int i = 0; i < items.size(); i++) {
            int from = items.get(i);
            int to = i + 1 < items.size() ? items.get(i + 1) : end(lines, from);
            List<String> left = new ArrayList<>(lines.subList(0, from));
            left.addAll(lines.subList(to, lines.size()));
            if (items.size() == 1) {
                left.set(key, "mounts: []");
            }
            proposals.add(joined(left));
        }
        return Collections.unmodifiableList(proposals);
    }

    /** The list, when it stands in brackets behind its key. */
    private Optional<FlowList> brackets() {
        Matcher open = BRACKETS.matcher(text);
        return open.find() ? FlowList.at(text, open.end() - 1) : Optional.empty();
    }

    private static int key(List<String> lines) {
        for (int i = 0; i < lines.size(); i++) {
            if (KEY.matcher(lines.get(i)).matches()) {
                return i;
            }
        }
        return -1;
    }

    /** Where the entries of the list begin. */
    private static List<Integer> items(List<String> lines, int key) {
        List<Integer> items = new ArrayList<>();
        String indent = null;
        for (int i = key + 1; i < lines.size() && !isNextKey(lines.get(i)); i++) {
            Matcher item = ITEM.matcher(lines.get(i));
            if (item.matches() && (indent == null || indent.equals(item.group(1)))) {
                indent = item.group(1);
                items.add(i);
            }
        }
        return items;
    }

    private static boolean isNextKey(String line) {
        return !line.isEmpty() && !line.startsWith(" ") && !line.startsWith("#") && !line.startsWith("-");
    }

    /** After the last line of the last entry; comments before the next key belong to that. */
    private static int end(List<String> lines, int from) {
        int end = from + 1;
        while (end < lines.size() && lines.get(end).startsWith(" ")) {
            end++;
        }
        return end;
    }

    /** A mount in one line. */
    private static String flow(Wanted mount) {
        StringBuilder text = new StringBuilder("{location: ").append(quoted(mount.location()));
        if (!mount.mountPoint().isEmpty()) {
            text.append(", mountPoint: ").append(quoted(mount.mountPoint()));
        }
        if (mount.writable()) {
            text.append(", writable: true");
        }
        if (!mount.sftpDriver().isEmpty()) {
            text.append(", sshfs: {sftpDriver: ")
                    .append(quoted(mount.sftpDriver()))
                    .append('}');
        }
        return text.append('}').toString();
    }

    /** In double quotes, which can hold any character; YAML 1.2.2 section 5.7. */
    private static String quoted(String value) {
        StringBuilder text = new StringBuilder("\"");
        for (char c : value.toCharArray()) {
            if (c == '"' || c == '\\') {
                text.append('\\').append(c);
            } else if (c < ' ' || c == 0x7f) {
                text.append("\\x%02x".formatted((int) c));
            } else {
                text.append(c);
            }
        }
        return text.append('"').toString();
    }
}
