// SPDX-License-Identifier: Apache-2.0
package io.jlima.api.ssh;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import org.osgi.annotation.versioning.ProviderType;

/** A command running in a guest. The streams may be used from one thread each. */
@ProviderType
public interface SshProcess extends AutoCloseable {
    /** What the command reads; closing it is end of file for the command. */
    OutputStream stdin();

    /** What the command writes; ends when the command has closed it or the connection is lost. */
    InputStream stdout();

    /** Error output; empty when there is a terminal. */
    InputStream stderr();

    /** Tells the terminal's new size. */
    void resize(int columns, int rows) throws IOException;

    /** Sends a signal by its name without SIG, for example {@code INT}. */
    void signal(String name) throws IOException;

    /**
     * Waits for the end.
     *
     * @return exit code; 255 when the command ended without one, 128 + n when signal n ended it
     */
    int waitFor() throws InterruptedException;

    /** Ends the command's channel; the command sees its streams closed. */
    @Override
    void close();
}
