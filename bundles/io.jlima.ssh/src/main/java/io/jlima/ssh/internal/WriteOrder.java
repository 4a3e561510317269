// SPDX-License-Identifier: Apache-2.0
package io.jlima.ssh.internal;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Keeps what is written on a channel before the word that it is closed. SSHD looks whether a channel is closing, and writes
 * then; in between another of its threads may have answered the guest's close. OpenSSH ends a whole connection for one
 * packet of a channel that is closed.
 */
final class WriteOrder {
    /**
     * In milliseconds. Whoever writes while keys are exchanged waits until they are, and whoever closes may be the thread
     * that exchanges them.
     */
    private static final long LONGEST_WAIT = 200;

    /** Fair, since somebody who writes all the time would keep the closing out. */
    private final ReentrantLock lock = new ReentrantLock(true);

    /** Before it is looked whether the channel is open, to write something on it. */
    void begin() {
        lock.lock();
    }

    /** After it is written. */
    void end() {
        lock.unlock();
    }

    /** To be called when the channel is known to be closing and nothing of that has been sent. */
    void close() {
        try {
            if (lock.tryLock(LONGEST_WAIT, TimeUnit.MILLISECONDS)) {
                lock.unlock();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
