// SPDX-License-Identifier: Apache-2.0
package io.jlima.api.ssh;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import org.osgi.annotation.versioning.ProviderType;

/** A stream to a socket in the guest, carried by its sshd. One thread may read while another writes. */
@ProviderType
public interface SshStream extends Closeable {
    /** From the guest; ends when its side has finished sending, and fails when the stream breaks before. */
    InputStream in();

    /** To the guest; blocks while it does not read. */
    OutputStream out();

    /** Tells the guest's side that nothing more will be sent; reading goes on. */
    void finish() throws IOException;

    /** Ends both directions; unsent data may be lost. Does not wait for the guest. */
    @Override
    void close();
}
