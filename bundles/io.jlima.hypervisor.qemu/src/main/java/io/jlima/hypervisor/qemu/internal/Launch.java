// SPDX-License-Identifier: Apache-2.0
package io.jlima.hypervisor.qemu.internal;

import io.jlima.api.HostEnvironment;
import io.jlima.api.LimaException;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Starts a process that outlives this one: in a session of its own, so that no signal meant for the daemon's terminal
 * or process group reaches it, with files for its output and nothing for its input.
 */
final class Launch {
    private Launch() {}

    /**
     * The command as it is run: the shell sets the umask, which Java cannot, and becomes the program in a new session.
     * The process keeps its pid all the way, since the shell is no leader of a process group.
     */
    static List<String> detached(List<String> command, HostEnvironment caller) {
        List<String> words = new ArrayList<>(List.of("/bin/sh", "-c"));
        var setsid = caller.findProgram("setsid");
        if (setsid.isPresent()) {
            words.addAll(List.of("umask \"$1\"; shift; exec \"$@\"", "sh", umask(caller)));
            words.add(setsid.get().toString());
        } else {
            Path perl = caller.findProgram("perl")
                    .orElseThrow(() -> new LimaException(
                            "A machine cannot get a session of its own: this host has neither setsid nor perl",
                            "Install the package util-linux"));
            words.addAll(List.of("umask \"$1\"; shift; exec \"$@\"", "sh", umask(caller), perl.toString(), "-e"));
            words.add("use POSIX; POSIX::setsid() >= 0 or die \"setsid: $!\\n\"; exec { $ARGV[0] } @ARGV"
                    + " or die \"$ARGV[0]: $!\\n\"");
        }
        words.addAll(command);
        return words;
    }

    private static String umask(HostEnvironment caller) {
        return "%04o".formatted(caller.umask() & 0777);
    }

    /** Starts it; both output streams are appended to the log. */
    static Process start(List<String> command, HostEnvironment caller, Path log) throws IOException {
        return caller.apply(new ProcessBuilder(detached(command, caller)))
                .redirectInput(new File("/dev/null"))
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
                .start();
    }
}
