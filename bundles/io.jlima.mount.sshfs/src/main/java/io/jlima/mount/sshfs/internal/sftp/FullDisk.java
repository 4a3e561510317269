// SPDX-License-Identifier: Apache-2.0
package io.jlima.mount.sshfs.internal.sftp;

import java.util.function.BooleanSupplier;

/**
 * What OpenSSH's server says on its way to the guest. It has one word, failure, for a full disk and much else; while the
 * disk is full, failures become that there is no space. Not thread-safe.
 */
final class FullDisk {
    /** SSH_FXP_STATUS; section 3 of draft-ietf-secsh-filexfer-02. */
    private static final int STATUS = 101;

    /** Of a packet: its length, its type, the number of its request, and in a status the code. */
    private static final int LENGTH = 4;

    private static final int CODE = LENGTH + 1 + 4;
    private static final int HEAD = CODE + 4;

    private final BooleanSupplier isFull;
    private final byte[] head = new byte[HEAD];
    private int have;
    /** What is to come of the packet, once its length is known. */
    private long left;

    FullDisk(BooleanSupplier isFull) {
        this.isFull = isFull;
    }

    /** Sees the next bytes. None is held back, since all that changes is the last byte of a code. */
    void pass(byte[] data, int size) {
        int at = 0;
        while (at < size) {
            if (have < HEAD) {
                head[have++] = data[at];
                if (have == HEAD && isFailure() && isFull.getAsBoolean()) {
                    data[at] = (byte) Status.NO_SPACE.code();
                }
                at++;
                left = have == LENGTH ? number(0) & 0xffff_ffffL : left - 1;
            } else {
                int skipped = (int) Math.min(left, size - at);
                at += skipped;
                left -= skipped;
            }
            if (have >= LENGTH && left == 0) {
                have = 0;
            }
        }
    }

    private boolean isFailure() {
        return (head[LENGTH] & 0xff) == STATUS && number(CODE) == Status.FAILURE.code();
    }

    private int number(int at) {
        return (head[at] & 0xff) << 24 | (head[at + 1] & 0xff) << 16 | (head[at + 2] & 0xff) << 8 | head[at + 3] & 0xff;
    }
}
