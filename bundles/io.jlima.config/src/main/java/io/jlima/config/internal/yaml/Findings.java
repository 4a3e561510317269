// SPDX-License-Identifier: Apache-2.0
package io.jlima.config.internal.yaml;

import io.jlima.api.LimaException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What was found wrong while reading: errors that refuse the file and warnings that do not. Not thread-safe. */
public final class Findings {
    /** A message that lists more than this is no longer read. */
    private static final int LISTED = 50;

    /** What is quoted in a message may be long, but nobody reads on for ever. */
    private static final int LONGEST = 1000;

    /** Controls, broken surrogates, separators of lines, and what turns the direction of writing. */
    private static final Pattern CONTROLS =
            Pattern.compile("[\\p{Cc}\\p{Cs}\\x{2028}-\\x{202e}\\x{2066}-\\x{2069}&&[^\t]]");

    private record Fault(Mark mark, String what, @Nullable String right) {}

    private final Set<Fault> faults = new LinkedHashSet<>();
    private final Set<String> warnings = new LinkedHashSet<>();
    private int moreWarnings;

    /**
     * @param what what is wrong, naming field and value
     * @param right what would be right, null when {@code what} says it already
     */
    public void error(Mark mark, String what, @Nullable String right) {
        faults.add(new Fault(mark, printable(what), right == null ? null : printable(right)));
    }

    /** An error whose text says what would be right. */
    public void error(Mark mark, String what) {
        error(mark, what, null);
    }

    /** Something the user should know; said once. */
    public void warn(Mark mark, String what) {
        add(mark.position() + ": " + printable(what));
    }

    /** Something the user should know that has no place in a text; said once. */
    public void warn(String what) {
        add(printable(what));
    }

    private void add(String warning) {
        if (!hasManyWarnings()) {
            warnings.add(warning);
        } else if (!warnings.contains(warning)) {
            moreWarnings++;
        }
    }

    /** Whether further warnings are only counted. */
    public boolean hasManyWarnings() {
        return warnings.size() >= LISTED;
    }

    public boolean hasErrors() {
        return !faults.isEmpty();
    }

    /** All warnings, in the order in which they were found. */
    public List<String> warnings() {
        List<String> all = new ArrayList<>(warnings);
        if (moreWarnings > 0) {
            all.add("and " + moreWarnings + " more warnings");
        }
        return List.copyOf(all);
    }

    /**
     * Reports all errors together, if there are any.
     *
     * @param source name of the text that was read
     */
    public void throwErrors(String source) {
        if (faults.isEmpty()) {
            return;
        }
        if (faults.size() == 1) {
            Fault only = faults.iterator().next();
            String line = only.mark.shownLine();
            throw new LimaException(
                    only.mark.position() + ": " + only.what, line.isEmpty() ? null : "| " + line, only.right, null);
        }
        List<String> lines = new ArrayList<>();
        faults.stream().limit(LISTED).forEach(fault -> {
            lines.add(fault.mark.position() + ": " + fault.what);
            String shown = fault.mark.shownLine();
            if (!shown.isEmpty()) {
                lines.add("    | " + shown);
            }
            if (fault.right != null) {
                lines.add("    -> " + fault.right);
            }
        });
        if (faults.size() > LISTED) {
            lines.add("and " + (faults.size() - LISTED) + " more");
        }
        throw new LimaException(source + " has " + faults.size() + " errors", String.join("\n", lines), null, null);
    }

    /** Values of a file are quoted in messages; they must not be able to steer the reader's terminal. */
    private static String printable(String text) {
        String shown = text.length() <= LONGEST ? text : text.substring(0, LONGEST) + "…";
        return CONTROLS.matcher(shown).replaceAll(m -> m.group().equals("\n") ? "\\\\n" : "?");
    }
}
