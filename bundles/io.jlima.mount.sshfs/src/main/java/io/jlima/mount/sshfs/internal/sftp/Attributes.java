// SPDX-License-Identifier: Apache-2.0
package io.jlima.mount.sshfs.internal.sftp;

import java.io.IOException;

/**
 * The structure ATTRS of the protocol, section 5 of draft-ietf-secsh-filexfer-02, as it comes from the guest.
 *
 * @param flags which of the others mean something
 */
record Attributes(int flags, long size, int uid, int gid, int mode, long accessed, long modified) {
    private static final int SIZE = 1;
    private static final int OWNER = 2;
    private static final int MODE = 4;
    private static final int TIMES = 8;
    private static final int ALL = SIZE | OWNER | MODE | TIMES;

    /**
     * The bits of a mode that a guest may set. A file with set-uid or set-gid would give the host's users the rights of
     * whoever runs this, so a guest cannot make one.
     */
    private static final int ALLOWED_MODE = 01777;

    /** Extensions come last in a packet, and none is known. */
    static Attributes read(PacketReader in) throws IOException {
        int flags = in.number();
        long size = (flags & SIZE) != 0 ? in.number64() : 0;
        int uid = 0;
        int gid = 0;
        if ((flags & OWNER) != 0) {
            uid = in.number();
            gid = in.number();
        }
        int mode = (flags & MODE) != 0 ? in.number() & ALLOWED_MODE : 0;
        long accessed = 0;
        long modified = 0;
        if ((flags & TIMES) != 0) {
            accessed = in.number() & 0xffffffffL;
            modified = in.number() & 0xffffffffL;
        }
        return new Attributes(flags & ALL, size, uid, gid, mode, accessed, modified);
    }

    static void write(PacketWriter out, FileFacts facts, Owners owners) {
        out.number(ALL)
                .number64(facts.size())
                .number(owners.uid(facts))
                .number(owners.gid(facts))
                .number(facts.mode())
                .number((int) facts.accessed())
                .number((int) facts.modified());
    }

    boolean hasSize() {
        return (flags & SIZE) != 0;
    }

    boolean hasOwner() {
        return (flags & OWNER) != 0;
    }

    boolean hasMode() {
        return (flags & MODE) != 0;
    }

    boolean hasTimes() {
        return (flags & TIMES) != 0;
    }

    /** Mode of a new file or directory. */
    int modeOr(int otherwise) {
        return hasMode() ? mode : otherwise;
    }
}
