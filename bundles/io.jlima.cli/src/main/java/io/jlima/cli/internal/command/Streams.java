// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.command;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Bytes from one stream to another, as they come. */
final class Streams {
    private static final Logger LOG = LoggerFactory.getLogger(Streams.class);

    private Streams() {}

    /** Copies to the end; a stream that breaks is an end too. */
    static void pump(InputStream from, OutputStream to) {
        try {
            copy(from, to);
        } catch (IOException e) {
            LOG.debug("A stream ends", e);
        }
    }

    /** Flushes after each piece: somebody may be waiting for a prompt. */
    static void copy(InputStream from, OutputStream to) throws IOException {
        byte[] buffer = new byte[32768];
        int count;
        while ((count = from.read(buffer)) >= 0) {
            to.write(buffer, 0, count);
            to.flush();
        }
    }
}
