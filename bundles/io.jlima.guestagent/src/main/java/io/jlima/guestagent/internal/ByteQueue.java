// SPDX-License-Identifier: Apache-2.0
package io.jlima.guestagent.internal;

import java.util.Arrays;

/** Bytes in the order in which they came, in no more memory than twice their most so far. Not thread-safe. */
final class ByteQueue {
    private static final int FIRST = 4096;

    private byte[] ring = new byte[0];
    private int start;
    private int size;

    int size() {
        return size;
    }

    void add(byte[] bytes) {
        if (ring.length - size < bytes.length) {
            grow(size + bytes.length);
        }
        int end = (start + size) % ring.length;
        int first = Math.min(bytes.length, ring.length - end);
        System.arraycopy(bytes, 0, ring, end, first);
        System.arraycopy(bytes, first, ring, 0, bytes.length - first);
        size += bytes.length;
    }

    private void grow(int needed) {
        byte[] larger = new byte[Math.max(FIRST, Integer.highestOneBit(needed - 1) << 1)];
        int kept = size;
        take(larger, 0, kept);
        ring = larger;
        start = 0;
        size = kept;
    }

    /** Moves at most so many bytes to the target, and returns how many. */
    int take(byte[] target, int at, int most) {
        int taken = Math.min(most, size);
        int first = Math.min(taken, ring.length - start);
        System.arraycopy(ring, start, target, at, first);
        System.arraycopy(ring, 0, target, at + first, taken - first);
        size -= taken;
        start = size == 0 ? 0 : (start + taken) % ring.length;
        return taken;
    }

    void clear() {
        ring = Arrays.copyOf(ring, 0);
        start = 0;
        size = 0;
    }
}
