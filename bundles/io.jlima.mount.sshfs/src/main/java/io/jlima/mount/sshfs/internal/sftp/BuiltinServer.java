// SPDX-License-Identifier: Apache-2.0
package io.jlima.mount.sshfs.internal.sftp;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/**
 * The server in this process. It never leaves its directory and never writes to one that is read-only.
 *
 * @param location directory of the host, by which the guest names it too
 * @param directory the same without links on the way there, see {@link HostDirectory}
 * @param followLinks whether links are followed on this side, as far as they stay inside
 * @param guestUid the guest user, who is shown as owner of what this process owns
 */
public record BuiltinServer(String location, Path directory, boolean writable, boolean followLinks, long guestUid)
        implements SftpServer {
    /** The word of {@code sshfs.sftpDriver}. */
    public static final String WORD = "builtin";

    /** Whether this host has the system calls that it takes. */
    public static boolean isPossible() {
        return Jail.isPossible();
    }

    @Override
    public String word() {
        return WORD;
    }

    /** Its name on the host as the guest says it. */
    byte[] bytes() {
        return location.getBytes(StandardCharsets.UTF_8);
    }

    byte[] directoryBytes() {
        return directory.toString().getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public void serve(InputStream in, OutputStream out) throws IOException {
        BuiltinSession.serve(List.of(this), in, out);
    }
}
