// SPDX-License-Identifier: Apache-2.0
package io.jlima.ssh.internal;

/** Takes what a command writes. Called from one thread at a time, which serves other commands too: it must not block. */
interface OutputSink {
    /**
     * Takes bytes.
     *
     * @return how many of them are done with, so that the command may write as many more
     */
    int accept(byte[] data, int offset, int length);

    /** There is no more; may be called more than once. */
    void end();
}
