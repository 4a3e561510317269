// SPDX-License-Identifier: Apache-2.0
package io.jlima.client;

import io.jlima.client.Client.Failure;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;

/**
 * Frames to and from the daemon: one byte for the type, four for the length (big-endian), and that many bytes. One
 * thread reads while any may send.
 */
final class Connection implements Closeable {
    private static final int HEADER = 5;
    private static final int LONGEST = 1 << 20;

    private final SocketChannel channel;
    private final Object sending = new Object();
    private final ByteBuffer header = ByteBuffer.allocate(HEADER);
    private byte[] body = new byte[65536];
    private int length;

    private Connection(SocketChannel channel) {
        this.channel = channel;
    }

    /** An {@link IOException} when nobody answers there. */
    static Connection to(Path socket) throws IOException {
        SocketChannel opened = SocketChannel.open(StandardProtocolFamily.UNIX);
        try {
            opened.connect(UnixDomainSocketAddress.of(socket));
            return new Connection(opened);
        } catch (IOException e) {
            opened.close();
            throw e;
        }
    }

    /** Waits for the next frame; its type, or -1 at the end. The frame before it is no more. */
    int next() throws IOException, Failure {
        header.clear();
        if (!fill(header)) {
            return -1;
        }
        header.flip();
        int type = header.get();
        length = header.getInt();
        if (length < 0 || length > LONGEST) {
            throw nonsense();
        }
        if (length > body.length) {
            body = new byte[length];
        }
        if (!fill(ByteBuffer.wrap(body, 0, length))) {
            throw new EOFException("the daemon's answer was cut off");
        }
        return type;
    }

    static Failure nonsense() {
        return new Failure("the daemon sent a frame that makes no sense");
    }

    /** Of the frame that came last. */
    byte[] body() {
        return body;
    }

    int length() {
        return length;
    }

    int number() {
        return ByteBuffer.wrap(body).getInt();
    }

    /** Waits until the daemon ends it, and takes no notice of what else it sends. */
    void awaitEnd() throws IOException {
        do {
            header.clear();
        } while (fill(header));
    }

    private boolean fill(ByteBuffer buffer) throws IOException {
        while (buffer.hasRemaining()) {
            if (channel.read(buffer) < 0) {
                return false;
            }
        }
        return true;
    }

    void send(int type, byte[] content, int count) throws IOException {
        ByteBuffer frame = ByteBuffer.allocate(HEADER + count);
        frame.put((byte) type).putInt(count).put(content, 0, count).flip();
        synchronized (sending) {
            while (frame.hasRemaining()) {
                channel.write(frame);
            }
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
