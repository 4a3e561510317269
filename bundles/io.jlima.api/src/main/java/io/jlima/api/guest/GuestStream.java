// SPDX-License-Identifier: Apache-2.0
package io.jlima.api.guest;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import org.osgi.annotation.versioning.ConsumerType;

/**
 * A two-way stream between host and guest. One thread may read while another writes. For UDP each read and each write
 * is one datagram; a read into less room than that drops the rest.
 */
@ConsumerType
public interface GuestStream extends Closeable {
    /** From the guest; ends when the guest's side has finished sending. */
    InputStream in();

    /** To the guest; blocks while the guest does not read. */
    OutputStream out();

    /** Tells the guest's side that nothing more will be sent; reading goes on. */
    void finish() throws IOException;

    /** Ends both directions; unsent data may be lost. */
    @Override
    void close();
}
