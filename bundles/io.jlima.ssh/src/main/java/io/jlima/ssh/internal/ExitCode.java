// SPDX-License-Identifier: Apache-2.0
package io.jlima.ssh.internal;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/** How the end of a command in the guest becomes one number, as a shell would have it. */
final class ExitCode {
    /** As ssh(1) has it for a command of which nothing is known. */
    static final int UNKNOWN = 255;

    private static final int SIGNALLED = 128;

    /** The names of RFC 4254 section 6.10 and those that OpenSSH adds, with Linux's numbers, signal(7). */
    private static final Map<String, Integer> SIGNALS = Map.ofEntries(
            Map.entry("HUP", 1),
            Map.entry("INT", 2),
            Map.entry("QUIT", 3),
            Map.entry("ILL", 4),
            Map.entry("TRAP", 5),
            Map.entry("ABRT", 6),
            Map.entry("BUS", 7),
            Map.entry("FPE", 8),
            Map.entry("KILL", 9),
            Map.entry("USR1", 10),
            Map.entry("SEGV", 11),
            Map.entry("USR2", 12),
            Map.entry("PIPE", 13),
            Map.entry("ALRM", 14),
            Map.entry("TERM", 15));

    private ExitCode() {}

    /**
     * @param status what the command returned, null if nothing is known
     * @param signal what ended it, without SIG, null if nothing did
     */
    static int of(@Nullable Integer status, @Nullable String signal) {
        if (status != null) {
            return status;
        }
        Integer number = signal == null ? null : SIGNALS.get(signal);
        return number == null ? UNKNOWN : SIGNALLED + number;
    }
}
