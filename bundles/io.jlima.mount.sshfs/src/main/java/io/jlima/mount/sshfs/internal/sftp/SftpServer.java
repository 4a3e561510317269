// SPDX-License-Identifier: Apache-2.0
package io.jlima.mount.sshfs.internal.sftp;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;

/** Serves one directory to whoever is at the other end of two streams. Thread-safe; sessions share nothing. */
public interface SftpServer {
    /** The word of {@code sshfs.sftpDriver}. */
    String word();

    /**
     * Serves until a stream ends. Blocks in the kernel, so it wants a thread of the system's own.
     *
     * @throws IOException when the other end does not speak the protocol, or goes in the middle of a packet
     */
    void serve(InputStream in, OutputStream out) throws IOException;
}
