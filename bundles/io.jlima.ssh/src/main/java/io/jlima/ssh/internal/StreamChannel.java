// SPDX-License-Identifier: Apache-2.0
package io.jlima.ssh.internal;

import io.jlima.api.ssh.SshConnection.Acceptor;
import io.jlima.api.ssh.SshStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import org.apache.sshd.client.channel.AbstractClientChannel;
import org.apache.sshd.client.future.DefaultOpenFuture;
import org.apache.sshd.client.future.OpenFuture;
import org.apache.sshd.common.SshConstants;
import org.apache.sshd.common.channel.ChannelOutputStream;
import org.apache.sshd.common.channel.exception.SshChannelOpenException;
import org.apache.sshd.common.io.IoWriteFuture;
import org.apache.sshd.common.util.buffer.Buffer;
import org.jspecify.annotations.Nullable;

/**
 * A channel that leads to a socket of the guest. Input goes to a pipe of ours for the reasons that {@link ExecChannel}
 * gives, and because SSHD's ends in the same way whether the other side has finished or the connection has broken.
 */
final class StreamChannel extends AbstractClientChannel implements SshStream {
    static final String TCP = "direct-tcpip";
    static final String UNIX = "direct-streamlocal@openssh.com";
    static final String FROM_GUEST = "forwarded-streamlocal@openssh.com";

    private final WriteOrder order = new WriteOrder();
    private final String target;
    private final int port;
    private final OutputPipe pipe = new OutputPipe(this::taken);
    private final InputStream in = new Whole(pipe);
    private @Nullable OutputStream toGuest;

    private StreamChannel(String type, String target, int port) {
        super(type);
        this.target = target;
        this.port = port;
    }

    static StreamChannel toTcp(String host, int port) {
        return new StreamChannel(TCP, host, port);
    }

    static StreamChannel toUnix(String path) {
        return new StreamChannel(UNIX, path, 0);
    }

    /** One that the guest opens. */
    static StreamChannel fromGuest() {
        return new StreamChannel(FROM_GUEST, "", 0);
    }

    /** Knows the end of the stream from the end of the channel. */
    private final class Whole extends FilterInputStream {
        Whole(InputStream pipe) {
            super(pipe);
        }

        @Override
        public int read(byte[] target, int offset, int length) throws IOException {
            int got = super.read(target, offset, length);
            if (got < 0 && !isEofSignalled()) {
                throw new IOException("The guest's side has broken off");
            }
            return got;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }
    }

    @Override
    public synchronized OpenFuture open() throws IOException {
        openFuture = new DefaultOpenFuture(target, futureLock);
        Buffer buffer =
                getSession().createBuffer(SshConstants.SSH_MSG_CHANNEL_OPEN, target.length() * 3 + 16 * Long.BYTES);
        buffer.putString(getChannelType());
        buffer.putUInt(getChannelId());
        buffer.putUInt(getLocalWindow().getSize());
        buffer.putUInt(getLocalWindow().getPacketSize());
        buffer.putString(target);
        if (getChannelType().equals(TCP)) {
            buffer.putUInt(port);
            // Where the connection came from; sshd writes it to its log.
            buffer.putString("127.0.0.1");
            buffer.putUInt(0);
        } else {
            buffer.putString("");
            buffer.putUInt(0);
        }
        writePacket(buffer);
        return openFuture;
    }

    @Override
    public OpenFuture open(long recipient, long windowSize, long packetSize, Buffer buffer) {
        String path = buffer.getString();
        ReverseSockets sockets = getSession().getAttribute(ReverseSockets.OF_SESSION);
        Acceptor acceptor = sockets == null ? null : sockets.at(path);
        if (acceptor == null) {
            OpenFuture refused = new DefaultOpenFuture(this, futureLock);
            refused.setException(new SshChannelOpenException(
                    recipient, SshConstants.SSH_OPEN_ADMINISTRATIVELY_PROHIBITED, "nobody asked for " + path));
            return refused;
        }
        setRecipient(recipient);
        getRemoteWindow().init(windowSize, packetSize, getSession().getFactoryManager());
        configureWindow();
        doOpen();
        opened.set(true);
        // This sends the confirmation; sshd throws away what comes before it.
        signalChannelOpenSuccess();
        OpenFuture opening = new DefaultOpenFuture(this, futureLock);
        opening.setOpened();
        Thread.ofVirtual().name("ssh accept " + path).start(() -> acceptor.accept(this));
        return opening;
    }

    @Override
    protected void doOpen() {
        ChannelOutputStream out =
                new ChannelOutputStream(this, getRemoteWindow(), log, SshConstants.SSH_MSG_CHANNEL_DATA, true);
        out.setNoDelay(true);
        toGuest = out;
        invertedIn = out;
    }

    @Override
    protected void doWriteData(byte[] data, int offset, long length) {
        if (!isClosing()) {
            int done = pipe.accept(data, offset, Math.toIntExact(length));
            if (done > 0) {
                taken(done);
            }
        }
    }

    /** Lets the guest send so many bytes more. */
    private void taken(int bytes) {
        ReceiveWindow.widen(this, bytes);
    }

    @Override
    public void handleEof() throws IOException {
        super.handleEof();
        pipe.end();
    }

    @Override
    public IoWriteFuture writePacket(Buffer buffer) throws IOException {
        order.begin();
        try {
            return super.writePacket(buffer);
        } finally {
            order.end();
        }
    }

    @Override
    protected @Nullable IoWriteFuture sendEof() throws IOException {
        order.begin();
        try {
            return super.sendEof();
        } finally {
            order.end();
        }
    }

    @Override
    protected void preClose() {
        order.close();
        super.preClose();
        pipe.end();
    }

    @Override
    public InputStream in() {
        return in;
    }

    @Override
    public OutputStream out() {
        OutputStream out = toGuest;
        if (out == null) {
            throw new IllegalStateException("The channel is not open");
        }
        return out;
    }

    @Override
    public void finish() throws IOException {
        out().close();
    }

    @Override
    public void close() {
        pipe.close();
        close(false);
    }
}
