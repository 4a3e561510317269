// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.instance;

import io.jlima.api.LimaException;
import io.jlima.api.machine.Machine;
import java.io.IOException;
import java.nio.file.Files;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The file that says which machine has got ready, so that a later daemon need not ask the guest. */
record ReadyMark(InstanceFolder folder) {
    private static final Logger LOG = LoggerFactory.getLogger(ReadyMark.class);
    private static final String FILE = "ready";

    void set(Machine machine) {
        try {
            folder.write(FILE, text(machine), "rw-r--r--");
        } catch (LimaException e) {
            // It spares a later daemon a question to the guest, no more.
            LOG.warn("{}", e.getMessage());
        }
    }

    boolean isOf(Machine machine) {
        try {
            return Files.readString(folder.file(FILE)).equals(text(machine));
        } catch (IOException e) {
            return false;
        }
    }

    void remove() {
        folder.remove(FILE);
    }

    private static String text(Machine machine) {
        return machine.identity().pid() + " " + machine.identity().startTime() + "\n";
    }
}
