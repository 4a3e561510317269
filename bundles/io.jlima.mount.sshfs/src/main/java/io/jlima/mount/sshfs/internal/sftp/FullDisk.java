// SPDX-License-Identifier: Apache-2.0
package io.jlima.mount.sshfs.internal.sftp;

import java.util.concurrent.atomic.AtomicLongArray;
import java.util.function.BooleanSupplier;
import java.util.function.IntConsumer;

/**
 * What passes between a guest and OpenSSH's server. That has one word, failure, for a full disk and much else; while the
 * disk is full, failures of what takes space become that there is none. One thread may see the requests and another the
 * answers.
 */
final class FullDisk {
    // Sections 3 and 7 of draft-ietf-secsh-filexfer-02.
    private static final int OPEN = 3;
    private static final int WRITE = 6;
    private static final int MKDIR = 14;
    private static final int SYMLINK = 20;
    private static final int STATUS = 101;

    /** Of a packet: its length, its type, the number of its request, and in a status the code. */
    private static final int LENGTH = 4;

    private static final int NUMBER = LENGTH + 1;
    private static final int CODE = NUMBER + 4;

    /** More than sshfs has on the way as a rule; of more, the oldest are forgotten, and their failures stay what they are. */
    private static final int REQUESTS = 4096;

    private static final long NONE = -1;

    private final BooleanSupplier isFull;

    /** The latest requests that take space, each at the place that the last bits of its number say. */
    private final AtomicLongArray taking = new AtomicLongArray(REQUESTS);

    private final Packets requests = new Packets(CODE);
    private final Packets answers = new Packets(CODE + 4);

    FullDisk(BooleanSupplier isFull) {
        this.isFull = isFull;
        for (int i = 0; i < REQUESTS; i++) {
            taking.set(i, NONE);
        }
    }

    /** The guest's next bytes. */
    void asked(byte[] data, int size) {
        requests.pass(data, size, at -> {
            if (takesSpace(requests.type())) {
                int request = requests.number(NUMBER);
                taking.set(request & REQUESTS - 1, request & 0xffff_ffffL);
            }
        });
    }

    private static boolean takesSpace(int type) {
        return type == WRITE || type == OPEN || type == MKDIR || type == SYMLINK;
    }

    /** The server's next bytes. None is held back, since all that changes is the last byte of a code. */
    void answered(byte[] data, int size) {
        answers.pass(data, size, at -> {
            if (answers.type() == STATUS
                    && answers.number(CODE) == Status.FAILURE.code()
                    && tookSpace(answers.number(NUMBER))
                    && isFull.getAsBoolean()) {
                data[at] = (byte) Status.NO_SPACE.code();
            }
        });
    }

    private boolean tookSpace(int request) {
        return taking.compareAndSet(request & REQUESTS - 1, request & 0xffff_ffffL, NONE);
    }

    /** The packets of one direction, of which the beginning is kept. They come in pieces of any size. */
    private static final class Packets {
        private final byte[] head;
        private int have;

        /** What is to come of the packet, once its length is known. */
        private long left;

        Packets(int head) {
            this.head = new byte[head];
        }

        /** @param begun called with the place of the last byte of a beginning, when that is there */
        void pass(byte[] data, int size, IntConsumer begun) {
            int at = 0;
            while (at < size) {
                if (have < head.length) {
                    head[have++] = data[at];
                    if (have == head.length) {
                        begun.accept(at);
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

        int type() {
            return head[LENGTH] & 0xff;
        }

        int number(int at) {
            return (head[at] & 0xff) << 24
                    | (head[at + 1] & 0xff) << 16
                    | (head[at + 2] & 0xff) << 8
                    | head[at + 3] & 0xff;
        }
    }
}
