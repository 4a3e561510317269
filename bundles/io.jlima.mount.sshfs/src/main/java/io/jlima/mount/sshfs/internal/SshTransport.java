// SPDX-License-Identifier: Apache-2.0
package io.jlima.mount.sshfs.internal;

import io.jlima.api.config.InstanceConfig.Mount;
import io.jlima.api.ssh.SshProcess;
import io.jlima.mount.sshfs.internal.sftp.SftpServer;
import java.io.IOException;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** By the input and output of sshfs, a command on an ssh connection: needs nothing of the network, and costs more. */
final class SshTransport implements Transport {
    static final String WORD = "ssh";

    private static final Logger LOG = LoggerFactory.getLogger(SshTransport.class);

    private final SharedConnections connections;
    private final Mount mount;
    private final SshfsOptions options;
    private final SftpServer server;
    private final Runnable onEnd;
    private final ReentrantLock lock = new ReentrantLock();
    private @Nullable SshProcess running;
    private volatile boolean reached;

    /** @param onEnd called when sshfs, the server or the connection has ended */
    SshTransport(SharedConnections connections, SshfsOptions options, SftpServer server, Runnable onEnd) {
        this.connections = connections;
        this.mount = options.mount();
        this.options = options;
        this.server = server;
        this.onEnd = onEnd;
    }

    @Override
    public String word() {
        return WORD;
    }

    @Override
    public GuestShell.Outcome attach() throws IOException, InterruptedException {
        SshProcess known = current();
        if (known != null) {
            return new GuestShell.Outcome(true, "");
        }
        String script = GuestScript.alone(GuestScript.passive(
                0, mount.mountPoint(), ":" + mount.location(), options.text().substring(1), options.place()));
        SharedConnections.Place place = connections.take();
        SshProcess process;
        try {
            process = place.connection().start("exec /bin/sh -c " + GuestScript.word(script), null, Map.of());
        } catch (IOException | RuntimeException e) {
            place.refused();
            throw e;
        }
        lock.lock();
        try {
            running = process;
        } finally {
            lock.unlock();
        }
        reached = true;
        CompletableFuture<GuestShell.Outcome> outcome = new CompletableFuture<>();
        Thread.ofPlatform().daemon().name("sshfs-ssh").start(() -> serve(process, place));
        Thread.ofVirtual().name("sshfs-words").start(() -> listen(process, outcome));
        try {
            return outcome.get();
        } catch (ExecutionException e) {
            throw new IOException(String.valueOf(e.getCause()), e);
        } catch (InterruptedException e) {
            close();
            throw e;
        } finally {
            place.arrive();
        }
    }

    /** Whether there is an sshfs, or one is on its way. */
    boolean isRunning() {
        return current() != null;
    }

    private @Nullable SshProcess current() {
        lock.lock();
        try {
            return running;
        } finally {
            lock.unlock();
        }
    }

    private void serve(SshProcess process, SharedConnections.Place place) {
        try {
            server.serve(process.stdout(), process.stdin());
        } catch (IOException e) {
            LOG.debug("A mount's session ended", e);
        } catch (RuntimeException e) {
            LOG.error("A mount's session failed", e);
        } finally {
            process.close();
            place.close();
            lock.lock();
            try {
                if (running == process) {
                    running = null;
                }
            } finally {
                lock.unlock();
            }
            onEnd.run();
        }
    }

    /** Hears the news that it is mounted, and sshfs's own words before that. */
    private static void listen(SshProcess process, CompletableFuture<GuestShell.Outcome> outcome) {
        StringBuilder words = new StringBuilder();
        try (GuestLines said = new GuestLines(process.stderr())) {
            for (String line = said.next(); line != null; line = said.next()) {
                if (line.equals("0 mounted")) {
                    outcome.complete(new GuestShell.Outcome(true, ""));
                } else {
                    GuestLines.add(words, line);
                }
            }
        } catch (IOException e) {
            LOG.debug("The words of sshfs were cut off", e);
        }
        outcome.complete(new GuestShell.Outcome(
                false, words.isEmpty() ? "sshfs in the guest ended without a word" : words.toString()));
    }

    @Override
    public boolean wasReached() {
        return reached;
    }

    @Override
    public boolean isInUse() {
        // It runs before it is mounted, and never longer than the daemon that started it.
        return false;
    }

    @Override
    public void close() {
        SshProcess process = current();
        if (process != null) {
            process.close();
        }
    }
}
