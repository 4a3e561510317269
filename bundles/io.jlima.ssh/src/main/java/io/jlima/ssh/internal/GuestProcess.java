// SPDX-License-Identifier: Apache-2.0
package io.jlima.ssh.internal;

import io.jlima.api.ssh.SshProcess;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A command on an open channel.
 *
 * <p>Standard and error output share one window: who leaves one of them unread while the command writes much to it
 * stops the other as well. Closing the one that is not wanted throws its bytes away instead.
 */
final class GuestProcess implements SshProcess {
    private static final Logger LOG = LoggerFactory.getLogger(GuestProcess.class);

    private final ExecChannel channel;
    private final CompletableFuture<Integer> exit = new CompletableFuture<>();

    GuestProcess(ExecChannel channel) {
        this.channel = channel;
        channel.addCloseFutureListener(closed -> exit.complete(code()));
    }

    private int code() {
        return ExitCode.of(channel.getExitStatus(), channel.getExitSignal());
    }

    @Override
    public OutputStream stdin() {
        return channel.getInvertedIn();
    }

    @Override
    public InputStream stdout() {
        return channel.stdout();
    }

    @Override
    public InputStream stderr() {
        return channel.stderr();
    }

    @Override
    public void resize(int columns, int rows) throws IOException {
        channel.sendWindowChange(columns, rows, 0, 0);
    }

    @Override
    public void signal(String name) throws IOException {
        channel.sendSignal(name);
    }

    @Override
    public int waitFor() throws InterruptedException {
        try {
            return exit.get();
        } catch (ExecutionException e) {
            throw new IllegalStateException("An exit code is never an error", e);
        }
    }

    /** Waits for the end, but no longer than so. */
    int waitFor(Duration time) throws InterruptedException, TimeoutException {
        try {
            return exit.get(time.toNanos(), TimeUnit.NANOSECONDS);
        } catch (ExecutionException e) {
            throw new IllegalStateException("An exit code is never an error", e);
        }
    }

    /** Whether the guest has told how the command ended. */
    boolean hasEnded() {
        return channel.getExitStatus() != null || channel.getExitSignal() != null;
    }

    /**
     * {@inheritDoc}
     *
     * <p>A command that is still running is sent HUP, as by a terminal that goes away: otherwise it would run on, and
     * sshd counts it against MaxSessions until it ends.
     */
    @Override
    public void close() {
        if (!hasEnded() && !channel.isClosing()) {
            try {
                channel.sendSignal("HUP");
            } catch (IOException e) {
                LOG.debug("No signal to {}", channel, e);
            }
        }
        channel.close(false);
        // The guest may stand still, and then its answer to the close can take for ever.
        exit.complete(code());
    }
}
