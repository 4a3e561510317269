// SPDX-License-Identifier: Apache-2.0
package io.jlima.mount.sshfs.internal.sftp;

import io.jlima.mount.sshfs.internal.sftp.Calls.Call;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Sets attributes of files, by descriptors only. */
record Changes(Calls calls, Owners owners) {
    /** What a path leads to. */
    void apply(Jail jail, byte[] path, Attributes wanted) throws SystemError {
        if (wanted.hasSize()) {
            int file = jail.file(path, Calls.O_WRONLY, 0);
            try {
                calls.call(Call.FTRUNCATE, file, wanted.size(), 0, 0, 0);
            } finally {
                calls.closeDescriptor(file);
            }
        }
        int seen = jail.lookForChange(path);
        try {
            others(seen, wanted);
        } finally {
            calls.closeDescriptor(seen);
        }
    }

    /** An open file. */
    void apply(OpenFiles.Open file, Attributes wanted) throws SystemError {
        if (wanted.hasSize()) {
            if (!file.writable()) {
                throw new SystemError(SystemError.EBADF);
            }
            calls.call(Call.FTRUNCATE, file.descriptor(), wanted.size(), 0, 0, 0);
        }
        others(file.descriptor(), wanted);
    }

    private void others(int descriptor, Attributes wanted) throws SystemError {
        if (wanted.hasMode()) {
            // By its place in /proc, because a descriptor that only looks is not good enough for fchmod(2).
            calls.call(Call.FCHMODAT, Calls.AT_FDCWD, calls.pathOf(descriptor), wanted.mode(), 0, 0);
        }
        if (wanted.hasTimes()) {
            MemorySegment at = calls.structure();
            at.set(ValueLayout.JAVA_LONG, 0, wanted.accessed());
            at.set(ValueLayout.JAVA_LONG, 8, 0);
            at.set(ValueLayout.JAVA_LONG, 16, wanted.modified());
            at.set(ValueLayout.JAVA_LONG, 24, 0);
            calls.call(Call.UTIMENSAT, Calls.AT_FDCWD, calls.pathOf(descriptor), at.address(), 0, 0);
        }
        if (wanted.hasOwner()) {
            owner(FileFacts.of(calls, descriptor), wanted);
        }
    }

    /** Owners on the host are not the guest's to choose; it may only ask for what is there already. */
    private void owner(FileFacts facts, Attributes wanted) throws SystemError {
        boolean sameUid = wanted.uid() == -1 || wanted.uid() == owners.uid(facts);
        boolean sameGid = wanted.gid() == -1 || wanted.gid() == owners.gid(facts);
        if (!sameUid || !sameGid) {
            throw new SystemError(SystemError.EPERM);
        }
    }
}
