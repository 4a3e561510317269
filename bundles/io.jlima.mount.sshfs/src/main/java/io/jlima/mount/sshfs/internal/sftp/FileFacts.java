// SPDX-License-Identifier: Apache-2.0
package io.jlima.mount.sshfs.internal.sftp;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** What statx(2) says of a file. Times are seconds. */
record FileFacts(int mode, int uid, int gid, long size, long accessed, long modified, int links) {
    /** STATX_BASIC_STATS of linux/stat.h. */
    private static final int BASIC = 0x7ff;

    private static final int TYPE = 0170000;
    private static final int REGULAR = 0100000;
    private static final int DIRECTORY = 0040000;
    private static final int LINK = 0120000;

    /** Of a directory that only leads to others. */
    static FileFacts bareDirectory(Owners owners) {
        return new FileFacts(DIRECTORY | 0555, owners.hostUid(), owners.hostGid(), 0, 0, 0, 2);
    }

    /** Of an open file. */
    static FileFacts of(Calls calls, int descriptor) throws SystemError {
        return of(calls, descriptor, new byte[0], Calls.AT_EMPTY_PATH);
    }

    /** Of an entry of an open directory; not of what a link points to. */
    static FileFacts of(Calls calls, int directory, byte[] name) throws SystemError {
        return of(calls, directory, name, Calls.AT_SYMLINK_NOFOLLOW);
    }

    private static FileFacts of(Calls calls, int directory, byte[] name, int flags) throws SystemError {
        MemorySegment at = calls.structure();
        calls.call(Calls.Call.STATX, directory, calls.path(name), flags, BASIC, at.address());
        // The offsets are those of struct statx, the same on every machine.
        return new FileFacts(
                at.get(ValueLayout.JAVA_SHORT, 28) & 0xffff,
                at.get(ValueLayout.JAVA_INT, 20),
                at.get(ValueLayout.JAVA_INT, 24),
                at.get(ValueLayout.JAVA_LONG, 40),
                at.get(ValueLayout.JAVA_LONG, 64),
                at.get(ValueLayout.JAVA_LONG, 112),
                at.get(ValueLayout.JAVA_INT, 16));
    }

    boolean isRegular() {
        return (mode & TYPE) == REGULAR;
    }

    boolean isLink() {
        return (mode & TYPE) == LINK;
    }

    boolean isDirectory() {
        return (mode & TYPE) == DIRECTORY;
    }
}
