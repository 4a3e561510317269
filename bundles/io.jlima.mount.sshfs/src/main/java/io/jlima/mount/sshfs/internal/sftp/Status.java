// SPDX-License-Identifier: Apache-2.0
package io.jlima.mount.sshfs.internal.sftp;

import java.nio.charset.StandardCharsets;

/** How a request ended; section 7 of draft-ietf-secsh-filexfer-02. */
enum Status {
    OK(0, "Success"),
    EOF(1, "End of file"),
    NO_SUCH_FILE(2, "No such file"),
    PERMISSION_DENIED(3, "Permission denied"),
    FAILURE(4, "Failure"),
    BAD_MESSAGE(5, "Bad message"),
    UNSUPPORTED(8, "Operation unsupported"),
    /**
     * Of version 5: version 3 has no word for a full disk. sshfs makes an I/O error of a code that it does not know, and
     * what the guest's agent has it load knows this one (sshfs-enospc.c).
     */
    NO_SPACE(14, "No space left");

    private final int code;
    private final byte[] words;

    Status(int code, String words) {
        this.code = code;
        this.words = words.getBytes(StandardCharsets.US_ASCII);
    }

    /** As OpenSSH's server, since sshfs knows what that means by each. */
    static Status of(int errno) {
        return switch (errno) {
            case SystemError.ENOENT, SystemError.ENOTDIR, SystemError.EBADF, SystemError.ELOOP -> NO_SUCH_FILE;
            case SystemError.EPERM, SystemError.EACCES, SystemError.EFAULT, SystemError.EROFS, SystemError.EXDEV ->
                PERMISSION_DENIED;
            case SystemError.ENAMETOOLONG, SystemError.EINVAL -> BAD_MESSAGE;
            case SystemError.ENOSYS, SystemError.EOPNOTSUPP -> UNSUPPORTED;
            case SystemError.ENOSPC, SystemError.EDQUOT -> NO_SPACE;
            default -> FAILURE;
        };
    }

    int code() {
        return code;
    }

    byte[] words() {
        return words;
    }
}
