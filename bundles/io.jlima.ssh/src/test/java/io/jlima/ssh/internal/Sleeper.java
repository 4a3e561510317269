// SPDX-License-Identifier: Apache-2.0
package io.jlima.ssh.internal;

import java.util.stream.Stream;

/** A command that sleeps until it is ended; its time tells the ones of this run from any others of the machine. */
final class Sleeper {
    static final String COMMAND = "sleep 1000." + ProcessHandle.current().pid();

    private Sleeper() {}

    static boolean runs() {
        return all().findAny().isPresent();
    }

    static void end() {
        all().forEach(ProcessHandle::destroyForcibly);
    }

    private static Stream<ProcessHandle> all() {
        return ProcessHandle.allProcesses()
                .filter(process -> commandLine(process).equals(COMMAND));
    }

    private static String commandLine(ProcessHandle process) {
        String[] arguments = process.info().arguments().orElse(new String[0]);
        String program = process.info().command().orElse("");
        return (program.substring(program.lastIndexOf('/') + 1) + " " + String.join(" ", arguments)).strip();
    }
}
