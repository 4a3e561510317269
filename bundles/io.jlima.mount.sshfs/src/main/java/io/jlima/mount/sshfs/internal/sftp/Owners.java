// SPDX-License-Identifier: Apache-2.0
package io.jlima.mount.sshfs.internal.sftp;

import io.jlima.mount.sshfs.internal.sftp.Calls.Call;

/**
 * Who owns files in the guest's eyes. The host's user and the guest's are one person with two numbers, when the host's
 * is root for example; programs that look at owners, git among them, want to see that. All other numbers stay.
 */
record Owners(int hostUid, int hostGid, int guestId) {
    static Owners of(Calls calls, int guestId) throws SystemError {
        return new Owners(
                calls.number(Call.GETEUID, 0, 0, 0, 0, 0), calls.number(Call.GETEGID, 0, 0, 0, 0, 0), guestId);
    }

    int uid(FileFacts facts) {
        return facts.uid() == hostUid ? guestId : facts.uid();
    }

    int gid(FileFacts facts) {
        return facts.gid() == hostGid ? guestId : facts.gid();
    }
}
