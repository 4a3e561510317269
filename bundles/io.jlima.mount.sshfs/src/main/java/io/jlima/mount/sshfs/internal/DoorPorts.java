// SPDX-License-Identifier: Apache-2.0
package io.jlima.mount.sshfs.internal;

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
 * Which port leads to which mount, in a file of the instance: a later daemon takes the same ones, and the guest's sshfs
 * finds it there.
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

    /** The port that was last used for this mount point; 0 when there was none. */
    synchronized int last(String mountPoint) {
        String port = ports.getProperty(mountPoint, "0");
        return port.matches("[0-9]{1,5}") && Integer.parseInt(port) < 65536 ? Integer.parseInt(port) : 0;
    }

    /** Keeps a port; without success the mount is made anew by the next daemon. */
    synchronized void keep(String mountPoint, int port) {
        if (last(mountPoint) == port) {
            return;
        }
        ports.setProperty(mountPoint, Integer.toString(port));
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
