// SPDX-License-Identifier: Apache-2.0
package io.jlima.mount.sshfs.internal;

import java.io.IOException;

/** A way by which the guest's sshfs reaches the host's SFTP server. */
sealed interface Transport extends AutoCloseable permits DirectTransport, SshTransport {
    /** For people. */
    String word();

    /**
     * Sees to it that the directory is mounted, and returns when the guest's mount table has it.
     *
     * @throws IOException when the guest was not reached
     */
    GuestShell.Outcome attach() throws IOException, InterruptedException;

    /** Whether the guest has got as far as the server at all. */
    boolean wasReached();

    /** Whether a session is open now. */
    boolean isInUse();

    /** Releases what the host holds of it. */
    @Override
    void close();
}
