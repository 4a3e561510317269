// SPDX-License-Identifier: Apache-2.0
package io.jlima.ssh.internal;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/** Keeps what a command writes, up to a limit. */
final class OutputCapture implements OutputSink {
    private final int limit;
    private final ByteArrayOutputStream kept = new ByteArrayOutputStream();
    private final Runnable overflow;
    private boolean overflown;

    /**
     * @param limit in bytes
     * @param overflow run, once, when the command writes more
     */
    OutputCapture(int limit, Runnable overflow) {
        this.limit = limit;
        this.overflow = overflow;
    }

    @Override
    public synchronized int accept(byte[] data, int offset, int length) {
        int room = limit - kept.size();
        kept.write(data, offset, Math.min(room, length));
        if (length > room && !overflown) {
            overflown = true;
            overflow.run();
        }
        return length;
    }

    @Override
    public void end() {}

    synchronized boolean isOverflown() {
        return overflown;
    }

    /** What was written; bytes that are no UTF-8 are replaced. */
    synchronized String text() {
        return kept.toString(StandardCharsets.UTF_8);
    }
}
