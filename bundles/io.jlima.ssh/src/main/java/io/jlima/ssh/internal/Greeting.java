// SPDX-License-Identifier: Apache-2.0
package io.jlima.ssh.internal;

import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;

/** One connection made only to hear how the other end greets. */
final class Greeting implements AutoCloseable {
    /** A server may send other lines first, RFC 4253 section 4.2; OpenSSH's client reads as many bytes of them. */
    private static final int MOST_BYTES = 8192;

    private static final String SSH_2 = "SSH-2.0-";

    private final Socket socket = new Socket();
    private volatile String heard = "";

    /** What came of a connection. */
    sealed interface Outcome {}

    /** An sshd of protocol 2 is there. */
    record Greeted(String banner) implements Outcome {}

    /** Nobody listens. */
    record Refused() implements Outcome {}

    /** The connection was taken, and nothing was said. */
    record Silent() implements Outcome {}

    /** The connection was taken and ended before anything was said. */
    record HungUp() implements Outcome {}

    /** Somebody else is there. */
    record Foreign(String words) implements Outcome {}

    /** The host itself would not connect. */
    record Unreachable(String reason) implements Outcome {}

    /** Connects and listens; blocks for no longer than the patience. */
    Outcome hear(String host, int port, Duration patience) {
        Deadline deadline = Deadline.after(patience);
        try {
            socket.connect(new InetSocketAddress(host, port), millis(deadline));
            return read(socket.getInputStream(), deadline);
        } catch (SocketTimeoutException e) {
            return new Silent();
        } catch (ConnectException e) {
            return new Refused();
        } catch (IOException e) {
            String reason = e.getMessage() == null ? e.toString() : e.getMessage();
            return socket.isConnected() ? new HungUp() : new Unreachable(reason);
        }
    }

    private Outcome read(InputStream in, Deadline deadline) throws IOException {
        byte[] bytes = new byte[MOST_BYTES];
        int length = 0;
        boolean ended = false;
        while (true) {
            String text = heard;
            // A line counts when it is complete: a banner cut off in the middle is none.
            for (int from = 0, to; (to = text.indexOf('\n', from)) >= 0; from = to + 1) {
                if (text.startsWith(SSH_2, from)) {
                    return new Greeted(text.substring(from, to).strip());
                }
            }
            if (ended || length == MOST_BYTES || deadline.isOver()) {
                return length > 0 ? new Foreign(firstWords(text)) : ended ? new HungUp() : new Silent();
            }
            socket.setSoTimeout(millis(deadline));
            try {
                int count = in.read(bytes, length, MOST_BYTES - length);
                ended = count < 0;
                length += Math.max(0, count);
                heard = new String(bytes, 0, length, StandardCharsets.ISO_8859_1);
            } catch (SocketTimeoutException e) {
                return length > 0 ? new Foreign(firstWords(text)) : new Silent();
            }
        }
    }

    /** What was said so far that is no greeting of an sshd, while {@link #hear} still waits for more; often nothing. */
    Optional<Foreign> strangeSoFar() {
        String text = heard;
        return text.isEmpty() ? Optional.empty() : Optional.of(new Foreign(firstWords(text)));
    }

    /** The first line, shortened, with nothing in it that would upset a terminal. */
    private static String firstWords(String text) {
        String line = text.lines().findFirst().orElse("").replaceAll("[^ -~]", "?");
        return line.length() > 80 ? line.substring(0, 80) + "…" : line;
    }

    /** For a socket, 0 would be no limit at all. */
    private static int millis(Deadline deadline) {
        return Math.toIntExact(Math.clamp(deadline.remaining().toMillis(), 1, Integer.MAX_VALUE));
    }

    /** Ends the connection, and with it a {@link #hear} that is waiting in another thread. */
    @Override
    public void close() {
        try {
            socket.close();
        } catch (IOException e) {
            // Nothing was sent, so nothing can be lost.
        }
    }
}
