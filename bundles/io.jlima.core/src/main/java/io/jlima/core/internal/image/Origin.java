// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.image;

import io.jlima.api.LimaException;
import io.jlima.api.Progress;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Where the bytes of one location are had from, for one caller. Used by one thread. */
interface Origin extends AutoCloseable {
    /**
     * Whether the complete data in the cache is what would be had now. When that cannot be found out because the other
     * end is out of reach, what is here is good enough.
     */
    boolean isUnchanged(CacheEntry entry) throws IOException, InterruptedException;

    /**
     * Brings all bytes to {@link CacheEntry#part}, continuing what is there if that is certain to be right.
     *
     * @param digest the digest demanded; its algorithm is computed while the bytes pass. Null for none
     * @throws LimaException when they cannot be had
     */
    Arrival transfer(CacheEntry entry, @Nullable Digest digest, Progress progress)
            throws IOException, InterruptedException;

    @Override
    void close();

    /**
     * Bytes that have come completely.
     *
     * @param time when the original was last changed, in the origin's own words; empty when not known
     * @param type media type; empty when not known
     * @param etag the server's name for the content; empty when not known
     * @param digest what the bytes have turned out to be; null when no digest was demanded
     * @param continued whether part of them came earlier
     */
    record Arrival(
            String time, String type, String etag, @Nullable Digest digest, boolean continued) {}
}
