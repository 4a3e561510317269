// SPDX-License-Identifier: Apache-2.0
package io.jlima.mount.sshfs.internal.sftp;

import io.jlima.mount.sshfs.internal.sftp.Calls.Call;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Answers with the entries of directories. */
record Entries(Calls calls, Owners owners, PacketWriter out) {
    /** Room for the kernel's entries: the answer made of them stays below the 128 KiB that sshfs takes. */
    private static final int ENTRIES = 32 * 1024;

    /** Answers with the next entries of an open directory; false, and no answer, when there are no more. */
    boolean answer(int id, int directory) throws IOException {
        MemorySegment entries = calls.transfer();
        int length = calls.number(Call.GETDENTS64, directory, entries.address(), ENTRIES, 0, 0);
        if (length == 0) {
            return false;
        }
        int countAt = out.begin(BuiltinSession.NAME, id).position();
        out.number(0);
        int count = 0;
        // struct linux_dirent64: inode and offset of 8 bytes, length of 2, type of 1, then the name and a zero.
        for (int at = 0; at < length; ) {
            int size = entries.get(ValueLayout.JAVA_SHORT_UNALIGNED, at + 16L) & 0xffff;
            int nameLength = 0;
            while (entries.get(ValueLayout.JAVA_BYTE, at + 19L + nameLength) != 0) {
                nameLength++;
            }
            byte[] name = entries.asSlice(at + 19L, nameLength).toArray(ValueLayout.JAVA_BYTE);
            count += entry(directory, name) ? 1 : 0;
            at += size;
        }
        out.fillIn(countAt, count);
        out.end();
        return true;
    }

    /** An entry may have gone since it was read, and then it is left out. */
    private boolean entry(int directory, byte[] name) {
        FileFacts facts;
        try {
            // What is above the directory is nobody's business here.
            boolean above = name.length == 2 && name[0] == '.' && name[1] == '.';
            facts = FileFacts.of(calls, directory, above ? new byte[] {'.'} : name);
        } catch (SystemError e) {
            return false;
        }
        // The line for people that follows the name stays empty: sshfs does not read it.
        out.string(name).number(0);
        Attributes.write(out, facts, owners);
        return true;
    }
}
