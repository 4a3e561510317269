// SPDX-License-Identifier: Apache-2.0
package io.jlima.config.internal;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Unix sockets on this host. */
final class SocketFile {
    /** S_IFMT and S_IFSOCK of inode(7); the same on Linux and macOS. */
    private static final int FILE_TYPE = 0170000;

    private static final int SOCKET = 0140000;

    private SocketFile() {}

    static boolean isSocket(Path path) {
        try {
            return (mode(path) & FILE_TYPE) == SOCKET;
        } catch (IOException | UnsupportedOperationException e) {
            return false;
        }
    }

    /** Whether there is something else than a socket. */
    static boolean isSomethingElse(Path path) {
        return Files.exists(path) && !isSocket(path);
    }

    /** The longest path that fits into sockaddr_un with its final zero: unix(7) on Linux, sys/un.h on macOS. */
    static int longestPath(String os) {
        return os.equals("darwin") ? 103 : 107;
    }

    private static int mode(Path path) throws IOException {
        return Files.getAttribute(path, "unix:mode") instanceof Integer mode ? mode : 0;
    }
}
