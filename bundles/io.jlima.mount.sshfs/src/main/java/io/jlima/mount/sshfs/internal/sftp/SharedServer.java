// SPDX-License-Identifier: Apache-2.0
package io.jlima.mount.sshfs.internal.sftp;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * Serves several directories by one session, each by its name on the host; what is above them is there and shows
 * nothing. Directories come and go while sessions are open. Thread-safe.
 */
public final class SharedServer implements SftpServer {
    private final List<BuiltinServer> directories = new CopyOnWriteArrayList<>();

    /**
     * Serves a directory from now on.
     *
     * @return false if it is not: only what is on one disk shares a session, so that nobody waits for another's, and no
     *     place has two meanings
     */
    public synchronized boolean add(BuiltinServer directory) {
        for (BuiltinServer other : directories) {
            if (other.directory().equals(directory.directory())
                    || other.location().equals(directory.location())
                    || other.guestUid() != directory.guestUid()
                    || !areOnOneDisk(other.directory(), directory.directory())) {
                return false;
            }
        }
        return directories.add(directory);
    }

    private static boolean areOnOneDisk(Path a, Path b) {
        try {
            return Files.getAttribute(a, "unix:dev").equals(Files.getAttribute(b, "unix:dev"));
        } catch (IOException e) {
            // One that is not there yet may be on any.
            return false;
        }
    }

    /** Serves it no more; what sessions have open of it is as good as closed. */
    public void remove(BuiltinServer directory) {
        directories.remove(directory);
    }

    @Override
    public String word() {
        return BuiltinServer.WORD;
    }

    @Override
    public void serve(InputStream in, OutputStream out) throws IOException {
        BuiltinSession.serve(directories, in, out);
    }
}
