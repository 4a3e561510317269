// SPDX-License-Identifier: Apache-2.0
package io.jlima.mount.sshfs.internal;

import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchService;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Waits for a directory of the host by the events of those above it. */
final class MissingDirectory {
    private static final Logger LOG = LoggerFactory.getLogger(MissingDirectory.class);

    private MissingDirectory() {}

    /**
     * Returns when the directory is there.
     *
     * @return false when the wait was interrupted, or there is no way to watch
     */
    static boolean awaitIt(Path directory) {
        while (!Files.isDirectory(directory)) {
            Path above = nearest(directory);
            try (WatchService watch = FileSystems.getDefault().newWatchService()) {
                above.register(watch, StandardWatchEventKinds.ENTRY_CREATE, StandardWatchEventKinds.ENTRY_DELETE);
                // What came before there was a watch makes no event.
                if (above.equals(nearest(directory)) && !Files.isDirectory(directory)) {
                    watch.take();
                }
            } catch (java.nio.file.NoSuchFileException e) {
                LOG.debug("{} has just gone as well", above);
            } catch (IOException e) {
                LOG.debug("{} is not watched", above, e);
                return false;
            } catch (InterruptedException e) {
                return false;
            }
        }
        return true;
    }

    private static Path nearest(Path directory) {
        Path above = directory.toAbsolutePath().getParent();
        while (above != null && !Files.isDirectory(above)) {
            above = above.getParent();
        }
        return above == null ? Path.of("/") : above;
    }
}
