// SPDX-License-Identifier: Apache-2.0
package io.jlima.ssh.internal;

import io.jlima.api.ssh.SshConnection.Terminal;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.EnumMap;
import java.util.Map;
import java.util.function.Function;
import java.util.function.IntConsumer;
import org.apache.sshd.client.channel.ChannelExec;
import org.apache.sshd.common.SshConstants;
import org.apache.sshd.common.channel.ChannelOutputStream;
import org.apache.sshd.common.channel.PtyMode;
import org.apache.sshd.common.io.IoWriteFuture;
import org.apache.sshd.common.util.buffer.Buffer;
import org.jspecify.annotations.Nullable;

/**
 * A command's channel whose output goes to sinks of ours. SSHD's own streams end only when the channel closes, and
 * treat a reader that has gone away as an error of the whole connection.
 */
final class ExecChannel extends ChannelExec {
    private final WriteOrder order = new WriteOrder();
    private final OutputSink out;
    private final OutputSink err;

    /** @param sinks makes a sink that calls back with the number of bytes it has done with later */
    ExecChannel(
            String command,
            @Nullable Terminal terminal,
            Map<String, String> variables,
            Function<IntConsumer, OutputSink> sinks) {
        super(command, null, variables);
        this.out = sinks.apply(this::release);
        this.err = sinks.apply(this::release);
        // Keeps SSHD from making streams of its own.
        setOut(OutputStream.nullOutputStream());
        setErr(OutputStream.nullOutputStream());
        setIn(null);
        if (terminal != null) {
            setUsePty(true);
            setPtyType(terminal.type().isBlank() ? "dumb" : terminal.type());
            setPtyColumns(terminal.columns());
            setPtyLines(terminal.rows());
            setPtyWidth(0);
            setPtyHeight(0);
            setPtyModes(modes());
        }
    }

    /** How Linux sets up a terminal, stty(1) "sane", with input in UTF-8. The codes are those of RFC 4254 section 8. */
    private static Map<PtyMode, Integer> modes() {
        Map<PtyMode, Integer> modes = new EnumMap<>(PtyMode.class);
        modes.put(PtyMode.VINTR, 'C' - '@');
        modes.put(PtyMode.VQUIT, '\\' - '@');
        modes.put(PtyMode.VERASE, 0x7f);
        modes.put(PtyMode.VKILL, 'U' - '@');
        modes.put(PtyMode.VEOF, 'D' - '@');
        modes.put(PtyMode.VSTART, 'Q' - '@');
        modes.put(PtyMode.VSTOP, 'S' - '@');
        modes.put(PtyMode.VSUSP, 'Z' - '@');
        modes.put(PtyMode.VREPRINT, 'R' - '@');
        modes.put(PtyMode.VWERASE, 'W' - '@');
        modes.put(PtyMode.VLNEXT, 'V' - '@');
        for (PtyMode on : new PtyMode[] {
            PtyMode.ICRNL,
            PtyMode.IXON,
            PtyMode.IUTF8,
            PtyMode.ISIG,
            PtyMode.ICANON,
            PtyMode.IEXTEN,
            PtyMode.ECHO,
            PtyMode.ECHOE,
            PtyMode.ECHOK,
            PtyMode.ECHOCTL,
            PtyMode.ECHOKE,
            PtyMode.OPOST,
            PtyMode.ONLCR,
            PtyMode.CS8
        }) {
            modes.put(on, 1);
        }
        return modes;
    }

    @Override
    protected void doOpen() throws IOException {
        super.doOpen();
        // A key that is pressed must not wait for the next one.
        if (getInvertedIn() instanceof ChannelOutputStream stdin) {
            stdin.setNoDelay(true);
        }
    }

    /** Standard output, when the sinks are pipes. */
    InputStream stdout() {
        return (OutputPipe) out;
    }

    /** Error output, when the sinks are pipes. */
    InputStream stderr() {
        return (OutputPipe) err;
    }

    OutputSink out() {
        return out;
    }

    OutputSink err() {
        return err;
    }

    @Override
    protected void doWriteData(byte[] data, int offset, long length) throws IOException {
        hand(out, data, offset, length);
    }

    @Override
    protected void doWriteExtendedData(byte[] data, int offset, long length) throws IOException {
        hand(err, data, offset, length);
    }

    private void hand(OutputSink sink, byte[] data, int offset, long length) {
        if (!isClosing()) {
            int done = sink.accept(data, offset, Math.toIntExact(length));
            if (done > 0) {
                release(done);
            }
        }
    }

    /** Lets the command write so many bytes more. */
    private void release(int bytes) {
        ReceiveWindow.widen(this, bytes);
    }

    @Override
    public void handleEof() throws IOException {
        super.handleEof();
        out.end();
        err.end();
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
        out.end();
        err.end();
    }

    /** Sends a signal by its name without SIG, RFC 4254 section 6.9. */
    void sendSignal(String name) throws IOException {
        Buffer buffer = getSession().createBuffer(SshConstants.SSH_MSG_CHANNEL_REQUEST, name.length() + Long.SIZE);
        buffer.putUInt(getRecipient());
        buffer.putString("signal");
        buffer.putBoolean(false);
        buffer.putString(name);
        writePacket(buffer);
    }
}
