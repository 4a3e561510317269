// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.instance;

import io.jlima.api.LimaException;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Arrays;

/** Lima's own process behind a running instance, {@code limactl hostagent}. What it looks after is left alone. */
final class LimaHostAgent {
    private LimaHostAgent() {}

    /** Whether Lima runs this instance now. */
    static boolean runs(InstanceFolder folder) {
        long pid;
        try {
            pid = Long.parseLong(Files.readString(folder.file("ha.pid")).strip());
        } catch (IOException | NumberFormatException e) {
            return false;
        }
        return pid != ProcessHandle.current().pid()
                && ProcessHandle.of(pid)
                        .flatMap(process -> process.info().arguments())
                        .map(words -> Arrays.asList(words).contains("hostagent"))
                        .orElse(false);
    }

    /** Refuses to touch an instance that Lima runs. */
    static void refuse(InstanceFolder folder) {
        if (runs(folder)) {
            throw new LimaException(
                    "instance `" + folder.name() + "` is being run by Lima", "Stop it with Lima's own limactl first");
        }
    }
}
