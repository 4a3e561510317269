// SPDX-License-Identifier: Apache-2.0
package io.jlima.mount.sshfs.internal;

import io.jlima.api.machine.Machine.ProcessIdentity;
import java.io.IOException;
import java.io.Reader;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Properties;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which port leads to which mount, or that it goes by ssh, in a file of the instance: a later daemon takes the same
 * ones, and the guest's sshfs finds it there.
 */
final class DoorPorts {
    private static final Logger LOG = LoggerFactory.getLogger(DoorPorts.class);
    private static final String FILE = "sshfs.ports";

    private final Path file;
    private final Properties ports = new Properties();

    DoorPorts(Path instance) {
        this.file = instance.resolve(FILE);
        if (Files.exists(file)) {
            try (Reader in = Files.newBufferedReader(file)) {
                ports.load(in);
            } catch (IOException | IllegalArgumentException e) {
                LOG.warn("{} cannot be read; mounts are made anew", file, e);
            }
        }
    }

    /** The port that this machine used for this mount point; 0 when there was none. */
    synchronized int last(String mountPoint, ProcessIdentity machine) {
        String[] words = ports.getProperty(mountPoint, "").split(" ", 2);
        boolean isPort = words.length == 2 && words[1].equals(name(machine)) && words[0].matches("[0-9]{1,5}");
        return isPort && Integer.parseInt(words[0]) < 65536 ? Integer.parseInt(words[0]) : 0;
    }

    /** Keeps a port; without success the mount is made anew by the next daemon. */
    synchronized void keep(String mountPoint, int port, ProcessIdentity machine) {
        keep(mountPoint, port + " " + name(machine));
    }

    /** Whether this machine's user wanted the mount to go by ssh; the next machine of the instance may be another's. */
    synchronized boolean isBySsh(String mountPoint, ProcessIdentity machine) {
        return ("ssh " + name(machine)).equals(ports.getProperty(mountPoint));
    }

    /** Keeps that this machine's user wants the mount to go by ssh. */
    synchronized void keepBySsh(String mountPoint, ProcessIdentity machine) {
        keep(mountPoint, "ssh " + name(machine));
    }

    private static String name(ProcessIdentity machine) {
        return machine.pid() + " " + machine.startTime();
    }

    private void keep(String mountPoint, String value) {
        if (value.equals(ports.setProperty(mountPoint, value))) {
            return;
        }
        Path draft = file.resolveSibling(FILE + ".new");
        try {
            try (Writer out = Files.newBufferedWriter(draft)) {
                ports.store(out, null);
            }
            Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            LOG.warn("{} cannot be written", file, e);
        }
    }
}
