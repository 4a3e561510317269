// SPDX-License-Identifier: Apache-2.0
package io.jlima.ssh.internal;

import io.jlima.api.LimaException;
import io.jlima.api.ssh.SshConnection;
import io.jlima.api.ssh.SshProcess;
import io.jlima.api.ssh.SshStream;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.net.ConnectException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.function.IntConsumer;
import org.apache.sshd.client.channel.AbstractClientChannel;
import org.apache.sshd.client.session.ClientSession;
import org.apache.sshd.common.SshConstants;
import org.apache.sshd.common.SshException;
import org.apache.sshd.common.channel.exception.SshChannelOpenException;
import org.apache.sshd.common.session.ConnectionService;
import org.apache.sshd.common.session.helpers.AbstractConnectionService;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A session that is logged in, shared by many commands. */
final class KeptConnection implements SshConnection {
    private static final Logger LOG = LoggerFactory.getLogger(KeptConnection.class);

    /** One less than sshd allows on a connection by itself, MaxSessions in sshd_config(5). */
    static final int MOST_COMMANDS = 9;

    /** The most that {@link #run} keeps of each of a command's outputs. */
    static final int MOST_OUTPUT = 16 * 1024 * 1024;

    /** How long a command waits for another one to end when there are too many. */
    private static final Duration QUEUE = Duration.ofSeconds(10);

    /** How long the guest may take to open a channel. */
    private static final Duration OPENING = Duration.ofSeconds(30);

    /**
     * How often a command is offered that sshd refuses: it takes in all that has arrived before it clears away what has
     * ended, so it may count a command that we have seen the end of.
     */
    private static final int OFFERS = 5;

    /** Time between two offers. */
    private static final Duration OFFER_SPACING = Duration.ofMillis(20);

    private final ClientSession session;
    private final String name;
    private final ReverseSockets reverse;
    private final Semaphore slots = new Semaphore(MOST_COMMANDS, true);
    private final CompletableFuture<Void> closed = new CompletableFuture<>();

    /** @param name of the other end, for messages */
    KeptConnection(ClientSession session, String name) {
        this.session = session;
        this.name = name;
        this.reverse = new ReverseSockets(session);
        session.addCloseFutureListener(future -> closed.complete(null));
    }

    @Override
    public boolean isOpen() {
        return session.isOpen();
    }

    @Override
    public CompletionStage<Void> closed() {
        return closed.minimalCompletionStage();
    }

    /** How many more commands can run at once; for tests. */
    int freeSlots() {
        return slots.availablePermits();
    }

    /** How many channels SSHD knows of; for tests. */
    int channels() {
        return ((AbstractConnectionService) session.getService(ConnectionService.class))
                .getChannels()
                .size();
    }

    @Override
    public Result run(String command, String stdin, Duration timeout) throws IOException, InterruptedException {
        Deadline deadline = Deadline.after(timeout);
        CompletableFuture<Void> overflow = new CompletableFuture<>();
        ExecChannel channel = open(
                command,
                null,
                Map.of(),
                taken -> new OutputCapture(MOST_OUTPUT, () -> overflow.complete(null)),
                deadline,
                deadline);
        try (GuestProcess process = new GuestProcess(channel)) {
            // From another thread than the one that sees the overflow, which is deep inside SSHD.
            overflow.thenRunAsync(process::close, Thread::startVirtualThread);
            feed(process.stdin(), stdin);
            int code = process.waitFor(deadline.remaining());
            OutputCapture out = (OutputCapture) channel.out();
            OutputCapture err = (OutputCapture) channel.err();
            if (out.isOverflown() || err.isOverflown()) {
                throw new IOException("A command in the guest wrote more than " + MOST_OUTPUT / (1024 * 1024)
                        + " MiB and was ended: " + shortened(command));
            }
            if (!process.hasEnded() && !session.isOpen()) {
                throw new IOException(
                        "The connection to " + name + " ended while a command ran: " + shortened(command));
            }
            return new Result(code, out.text(), err.text());
        } catch (TimeoutException e) {
            throw new IOException(
                    "A command in the guest did not end within " + Words.of(timeout) + ": " + shortened(command), e);
        }
    }

    /** Writes and closes, without waiting for a command that does not read. */
    private static void feed(OutputStream stdin, String text) throws IOException {
        if (text.isEmpty()) {
            stdin.close();
            return;
        }
        Thread.ofVirtual().name("ssh-stdin").start(() -> {
            try (stdin) {
                stdin.write(text.getBytes(StandardCharsets.UTF_8));
            } catch (IOException e) {
                // A command need not read all of its input; what became of it tells its exit code.
                LOG.debug("Not all input was read", e);
            }
        });
    }

    @Override
    public SshProcess start(String command, @Nullable Terminal terminal, Map<String, String> variables)
            throws IOException {
        try {
            return new GuestProcess(open(
                    command, terminal, variables, OutputPipe::new, Deadline.after(QUEUE), Deadline.after(OPENING)));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("Interrupted while starting a command in the guest");
        }
    }

    @Override
    public SshStream openTcp(String host, int port) throws IOException {
        return stream(StreamChannel.toTcp(host, port), host + " port " + port);
    }

    @Override
    public SshStream openUnix(String path) throws IOException {
        return stream(StreamChannel.toUnix(path), path);
    }

    private SshStream stream(StreamChannel channel, String target) throws IOException {
        requireOpen();
        try {
            return channel(channel, Deadline.after(OPENING));
        } catch (SshException e) {
            SshChannelOpenException refusal = refusal(e);
            if (refusal == null) {
                throw failure(e);
            }
            if (refusal.getReasonCode() == SshConstants.SSH_OPEN_CONNECT_FAILED) {
                ConnectException nobody =
                        new ConnectException("Nobody answers at " + target + " in the guest: " + refusal.getMessage());
                nobody.initCause(e);
                throw nobody;
            }
            throw new IOException(
                    "The guest's sshd refuses a stream to " + target + ": " + refusal.getMessage()
                            + " (see AllowTcpForwarding and AllowStreamLocalForwarding in sshd_config)",
                    e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("Interrupted while opening a stream to the guest");
        }
    }

    @Override
    public AutoCloseable listenUnix(String path, Acceptor acceptor) throws IOException {
        requireOpen();
        return reverse.listen(path, acceptor);
    }

    private ExecChannel open(
            String command,
            @Nullable Terminal terminal,
            Map<String, String> variables,
            Function<IntConsumer, OutputSink> sinks,
            Deadline queue,
            Deadline opening)
            throws IOException, InterruptedException {
        requireOpen();
        if (!slots.tryAcquire(queue.remaining().toNanos(), TimeUnit.NANOSECONDS)) {
            throw new LimaException(
                    "Too many commands run in the guest at once",
                    MOST_COMMANDS + " commands and shells share the connection to " + name
                            + ", and none of them has ended meanwhile.",
                    "Close a shell that is not needed, and try again.",
                    null);
        }
        boolean opened = false;
        try {
            for (int offer = 1; ; offer++) {
                try {
                    ExecChannel channel = channel(new ExecChannel(command, terminal, variables, sinks), opening);
                    opened = true;
                    channel.addCloseFutureListener(future -> slots.release());
                    return channel;
                } catch (SshException e) {
                    if (offer == OFFERS || !isRefusal(e)) {
                        throw failure(e);
                    }
                }
                awaitClosed(OFFER_SPACING);
            }
        } finally {
            if (!opened) {
                slots.release();
            }
        }
    }

    /** Opens a channel. */
    private <C extends AbstractClientChannel> C channel(C channel, Deadline opening)
            throws IOException, InterruptedException {
        session.getService(ConnectionService.class).registerChannel(channel);
        boolean opened = false;
        try {
            Duration left = opening.remaining();
            channel.open().verify(left.toMillis() < 1 ? Duration.ofMillis(1) : left);
            opened = true;
            return channel;
        } catch (InterruptedIOException e) {
            Thread.interrupted();
            throw new InterruptedException("Interrupted while starting a command in the guest");
        } finally {
            if (!opened) {
                // Not at once: the guest may still open it, and then it has to be told.
                channel.close(false);
            }
        }
    }

    private static boolean isRefusal(Throwable e) {
        return refusal(e) != null;
    }

    /** What the guest said when it refused a channel; null when it did not. */
    private static @Nullable SshChannelOpenException refusal(Throwable e) {
        for (Throwable t = e; t != null; t = t.getCause()) {
            if (t instanceof SshChannelOpenException refusal) {
                return refusal;
            }
        }
        return null;
    }

    /** Lets some time pass, but not when the connection ends. */
    private void awaitClosed(Duration time) throws InterruptedException {
        try {
            closed.get(time.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException | ExecutionException e) {
            // It is still open.
        }
    }

    private void requireOpen() throws IOException {
        if (!session.isOpen()) {
            throw new IOException("The connection to " + name + " has ended");
        }
    }

    private IOException failure(SshException e) throws IOException {
        requireOpen();
        SshChannelOpenException refusal = refusal(e);
        for (Throwable t = e; t != null; t = t.getCause()) {
            if (refusal != null) {
                throw new LimaException(
                        "The guest refuses to start one more command on the connection to " + name,
                        refusal.getMessage(),
                        "End a command that runs in the guest, or allow more of them there (MaxSessions in"
                                + " /etc/ssh/sshd_config, at least 10).",
                        e);
            }
            if (t instanceof TimeoutException) {
                return new IOException("The guest did not answer in time; it may stand still", e);
            }
        }
        return e;
    }

    private static String shortened(String command) {
        String line = command.strip().replace('\n', ' ');
        return line.length() > 100 ? line.substring(0, 100) + "…" : line;
    }

    @Override
    public void close() {
        session.close(true);
    }
}
