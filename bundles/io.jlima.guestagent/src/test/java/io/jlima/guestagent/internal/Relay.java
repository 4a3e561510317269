// SPDX-License-Identifier: Apache-2.0
package io.jlima.guestagent.internal;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * A virtio port as QEMU makes it, as far as bytes go: the guest's end stays, hosts come and go, neither sees the other
 * go, and what the guest says to nobody is lost.
 */
final class Relay implements AutoCloseable {
    private final ServerSocketChannel hosts;
    private final ServerSocketChannel guests;
    private volatile @Nullable SocketChannel host;
    private volatile @Nullable SocketChannel guest;

    /** After so many bytes to the guest the host's connection is cut; -1 for never. */
    private volatile long cutAfter = -1;

    private volatile long lostToHost = -1;

    Relay(Path folder) throws IOException {
        hosts = ServerSocketChannel.open(StandardProtocolFamily.UNIX).bind(UnixDomainSocketAddress.of(host(folder)));
        guests = ServerSocketChannel.open(StandardProtocolFamily.UNIX).bind(UnixDomainSocketAddress.of(guest(folder)));
        Thread.ofVirtual().start(this::guestToHost);
        Thread.ofVirtual().start(this::hostToGuest);
    }

    static Path host(Path folder) {
        return folder.resolve("ga.sock");
    }

    static Path guest(Path folder) {
        return folder.resolve("port.sock");
    }

    /** Has the present host's connection end after so many more bytes for the guest have passed. */
    void cutAfter(long bytes) {
        cutAfter = bytes;
    }

    /** Has so many bytes to the host pass, and then its connection end. */
    void cutToHostAfter(long bytes) {
        lostToHost = bytes;
    }

    private void guestToHost() {
        ByteBuffer buffer = ByteBuffer.allocate(65536);
        while (guests.isOpen()) {
            try (SocketChannel from = guests.accept()) {
                guest = from;
                while (from.read(buffer.clear()) >= 0) {
                    pass(buffer.flip());
                }
            } catch (IOException e) {
                // The guest has gone; another may come.
            }
        }
    }

    private void pass(ByteBuffer bytes) {
        SocketChannel to = host;
        if (to == null) {
            return;
        }
        try {
            long left = lostToHost;
            if (left >= 0 && left <= bytes.remaining()) {
                lostToHost = -1;
                to.write(bytes.limit(bytes.position() + (int) left));
                host = null;
                to.close();
                return;
            }
            lostToHost = left >= 0 ? left - bytes.remaining() : -1;
            while (bytes.hasRemaining()) {
                to.write(bytes);
            }
        } catch (IOException e) {
            // The host has gone.
        }
    }

    private void give(ByteBuffer bytes) {
        ByteChannel to = guest;
        try {
            while (to != null && bytes.hasRemaining()) {
                to.write(bytes);
            }
        } catch (IOException e) {
            // The guest's program has gone, which no host sees.
        }
    }

    private void hostToGuest() {
        ByteBuffer buffer = ByteBuffer.allocate(4096);
        while (hosts.isOpen()) {
            try (SocketChannel from = hosts.accept()) {
                host = from;
                while (from.read(buffer.clear()) >= 0) {
                    buffer.flip();
                    long left = cutAfter;
                    boolean cut = left >= 0 && left <= buffer.remaining();
                    if (cut) {
                        buffer.limit((int) left);
                        cutAfter = -1;
                    } else if (left >= 0) {
                        cutAfter = left - buffer.remaining();
                    }
                    give(buffer);
                    if (cut) {
                        break;
                    }
                }
            } catch (IOException e) {
                // The host has gone; another may come.
            } finally {
                host = null;
            }
        }
    }

    @Override
    public void close() throws IOException {
        hosts.close();
        guests.close();
        for (SocketChannel end : new SocketChannel[] {host, guest}) {
            if (end != null) {
                end.close();
            }
        }
    }
}
