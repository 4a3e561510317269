// SPDX-License-Identifier: Apache-2.0
package io.jlima.portforward.internal;

import io.jlima.api.guest.GuestStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.concurrent.atomic.LongAdder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A connection of the host and a stream of the guest, joined: what one side sends the other gets, the end of each
 * direction is passed on by itself, and a break of one side breaks the other.
 */
final class Relay {
    private static final Logger LOG = LoggerFactory.getLogger(Relay.class);

    /** What an idle connection holds in each direction; thousands of them have to fit into a small heap. */
    private static final int SMALL = 2 * 1024;

    /** Larger pieces move no faster; SSH's largest packet is 32 KiB. */
    private static final int LARGE = 64 * 1024;

    private final SocketChannel host;
    private final GuestStream guest;
    private final LongAdder bytes;
    private volatile boolean broken;

    Relay(SocketChannel host, GuestStream guest, LongAdder bytes) {
        this.host = host;
        this.guest = guest;
        this.bytes = bytes;
    }

    /** Carries until both directions have ended; the calling thread does one of them. */
    void run(Relays relays) {
        relays.add(this);
        try {
            Thread back = Thread.ofVirtual().name("forward to host").start(this::toHost);
            toGuest();
            boolean interrupted = false;
            while (true) {
                try {
                    back.join();
                    break;
                } catch (InterruptedException e) {
                    interrupted = true;
                    abort();
                }
            }
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        } finally {
            relays.remove(this);
            guest.close();
            closeHost();
        }
    }

    private void toGuest() {
        ByteBuffer buffer = ByteBuffer.allocate(SMALL);
        try {
            int got;
            while ((got = host.read(buffer)) >= 0) {
                OutputStream out = guest.out();
                try {
                    out.write(buffer.array(), 0, got);
                    out.flush();
                } catch (IOException e) {
                    // The guest has stopped reading. What it has sent still has to reach the host.
                    LOG.debug("The guest takes no more", e);
                    return;
                }
                bytes.add(got);
                buffer = next(buffer, got);
            }
            guest.finish();
        } catch (IOException e) {
            LOG.debug("The host's side has broken off", e);
            abort();
        }
    }

    private void toHost() {
        ByteBuffer buffer = ByteBuffer.allocate(SMALL);
        try {
            InputStream in = guest.in();
            int got;
            while ((got = in.read(buffer.array(), 0, buffer.capacity())) >= 0) {
                buffer.limit(got);
                while (buffer.hasRemaining()) {
                    host.write(buffer);
                }
                bytes.add(got);
                buffer = next(buffer, got);
            }
            host.shutdownOutput();
        } catch (IOException e) {
            LOG.debug("The guest's side has broken off", e);
            abort();
        }
    }

    /** A buffer for the next piece: large while pieces are large. */
    private static ByteBuffer next(ByteBuffer buffer, int got) {
        int size = got == buffer.capacity() ? LARGE : got < SMALL ? SMALL : buffer.capacity();
        return size == buffer.capacity() ? buffer.clear() : ByteBuffer.allocate(size);
    }

    /** Breaks both sides off; the host's peer sees a reset. */
    void abort() {
        broken = true;
        guest.close();
        closeHost();
    }

    private void closeHost() {
        try {
            if (broken && host.supportedOptions().contains(StandardSocketOptions.SO_LINGER)) {
                host.setOption(StandardSocketOptions.SO_LINGER, 0);
            }
        } catch (IOException e) {
            LOG.debug("closed already", e);
        }
        try {
            host.close();
        } catch (IOException e) {
            LOG.debug("closing a connection", e);
        }
    }
}
