// SPDX-License-Identifier: Apache-2.0
package io.jlima.hypervisor.qemu.internal;

import io.jlima.api.machine.Machine.ProcessIdentity;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;

/** Looks at processes of the host. A process that is dead but not yet waited for counts as gone. */
final class HostProcess {
    private static final Path PROC = Path.of("/proc");

    private HostProcess() {}

    /** The process that has this pid now; empty when there is none. */
    static Optional<ProcessIdentity> look(long pid) {
        if (pid <= 0) {
            return Optional.empty();
        }
        if (HostOs.current() == HostOs.LINUX) {
            return startTicks(pid).map(ticks -> new ProcessIdentity(pid, ticks));
        }
        return ProcessHandle.of(pid)
                .filter(ProcessHandle::isAlive)
                .map(p -> new ProcessIdentity(
                        pid, p.info().startInstant().map(Instant::toEpochMilli).orElse(0L)));
    }

    /** Whether exactly this process runs. */
    static boolean isAlive(ProcessIdentity identity) {
        return look(identity.pid()).filter(identity::equals).isPresent();
    }

    /** Ends exactly this process at once; does nothing when its pid belongs to another one by now. */
    static void kill(ProcessIdentity identity) {
        ProcessHandle.of(identity.pid()).filter(p -> isAlive(identity)).ifPresent(ProcessHandle::destroyForcibly);
    }

    /**
     * Start of the process in clock ticks since boot: field 22 of proc_pid_stat(5). The second field, in parentheses,
     * may hold anything, so the fields are counted from the last closing parenthesis.
     */
    private static Optional<Long> startTicks(long pid) {
        try {
            String stat = Files.readString(PROC.resolve(Long.toString(pid)).resolve("stat"));
            String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
            return fields[0].equals("Z") || fields[0].equals("X")
                    ? Optional.empty()
                    : Optional.of(Long.parseLong(fields[19]));
        } catch (IOException | IndexOutOfBoundsException | NumberFormatException e) {
            return Optional.empty();
        }
    }
}
