// SPDX-License-Identifier: Apache-2.0
package io.jlima.mount.sshfs.internal;

import io.jlima.api.guest.Guest;
import io.jlima.api.ssh.SshConnection;
import io.jlima.api.ssh.SshProcess;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * Has the guest's shell mount and unmount. Whatever is asked for at the same time is done by one shell at the same time,
 * since a shell for each costs a guest more than the mounts themselves.
 */
final class GuestShell implements AutoCloseable {
    /** How a call ended; the words are those of the programs in the guest, empty if they had none. */
    record Outcome(boolean good, String words) {}

    private record Call(
            String mountPoint, IntFunction<String> text, CompletableFuture<Outcome> outcome, StringBuilder words) {
        Call(String mountPoint, IntFunction<String> text) {
            this(mountPoint, text, new CompletableFuture<>(), new StringBuilder());
        }
    }

    /** At one time, so that a mount that hangs keeps no other waiting; a connection has room for ten channels. */
    private static final int MOST_SHELLS = 3;

    private final Guest guest;
    private final Runnable onLoss;
    private final LinkedBlockingQueue<Call> waiting = new LinkedBlockingQueue<>();
    private final Semaphore shells = new Semaphore(MOST_SHELLS);
    private final Thread worker;
    private @Nullable SshConnection watched;
    private volatile boolean closed;

    /** @param onLoss called when the connection to the guest has ended, as it does when the guest restarts */
    GuestShell(Guest guest, Runnable onLoss) {
        this.guest = guest;
        this.onLoss = onLoss;
        this.worker = Thread.ofVirtual().name("sshfs-shell-" + guest.name()).unstarted(this::work);
    }

    /** Begins; what was asked for before that is done together. */
    void begin() {
        worker.start();
    }

    /**
     * Has a call of {@link GuestScript} made when the guest can be reached.
     *
     * @param mountPoint what it is about; of those that are asked for at the same time, outer ones come before inner ones
     * @param text makes the call, given its number
     * @return fails with an {@link IOException} when the guest was lost on the way
     */
    CompletableFuture<Outcome> ask(String mountPoint, IntFunction<String> text) {
        Call call = new Call(mountPoint, text);
        waiting.add(call);
        if (closed) {
            letGo(null);
        }
        return call.outcome();
    }

    private void work() {
        try {
            guest.up().toCompletableFuture().get();
            while (true) {
                reach(new ArrayList<>(List.of(waiting.take())));
            }
        } catch (InterruptedException | ExecutionException e) {
            closed = true;
            letGo(e);
        }
    }

    private void letGo(@Nullable Exception cause) {
        List<Call> calls = new ArrayList<>();
        waiting.drainTo(calls);
        calls.forEach(call -> call.outcome().completeExceptionally(new IOException("The machine is let go", cause)));
    }

    private void reach(List<Call> calls) throws InterruptedException {
        try {
            SshConnection connection = guest.connection();
            watch(connection);
            shells.acquire();
            begin(connection, calls);
        } catch (RuntimeException e) {
            notReached(calls, e);
        } catch (InterruptedException e) {
            notReached(calls, e);
            throw e;
        }
    }

    private void watch(SshConnection connection) {
        if (connection != watched) {
            watched = connection;
            connection.closed().thenRun(onLoss);
        }
    }

    /** What is asked for while the guest starts the shell goes along. */
    private void begin(SshConnection connection, List<Call> calls) {
        boolean begun = false;
        try {
            SshProcess shell = connection.start("exec /bin/sh", null, Map.of());
            waiting.drainTo(calls);
            calls.sort(Comparator.comparing(Call::mountPoint));
            Thread.ofVirtual().name("sshfs-calls").start(() -> runOrFail(shell, calls));
            begun = true;
        } catch (IOException e) {
            notReached(calls, e);
        } finally {
            if (!begun) {
                shells.release();
            }
        }
    }

    private void runOrFail(SshProcess shell, List<Call> calls) {
        try (shell) {
            run(shell, calls);
        } catch (IOException | RuntimeException e) {
            notReached(calls, e);
        } finally {
            shells.release();
        }
    }

    private static void notReached(List<Call> calls, Exception e) {
        calls.forEach(call -> call.outcome()
                .completeExceptionally(new IOException("The guest was not reached: " + e.getMessage(), e)));
    }

    private static void run(SshProcess shell, List<Call> calls) throws IOException {
        List<String> texts = new ArrayList<>();
        for (int i = 0; i < calls.size(); i++) {
            texts.add(calls.get(i).text().apply(i));
        }
        shell.stderr().close();
        try (OutputStream stdin = shell.stdin()) {
            stdin.write(GuestScript.together(texts).getBytes(StandardCharsets.UTF_8));
        }
        try (GuestWords words = new GuestWords(shell.stdout())) {
            for (String line = words.line(); line != null; line = words.line()) {
                hear(calls, line);
            }
        }
        for (Call call : calls) {
            call.outcome().completeExceptionally(new IOException("The guest did not say how it ended"));
        }
    }

    /** A line is the call's number and how it ended, or after a colon somebody's words. */
    private static void hear(List<Call> calls, String line) {
        String[] parts = line.split(" ", 3);
        if (parts.length < 2 || !parts[0].matches("[0-9]{1,6}") || Integer.parseInt(parts[0]) >= calls.size()) {
            return;
        }
        Call call = calls.get(Integer.parseInt(parts[0]));
        if (parts[1].equals(":")) {
            GuestWords.add(call.words(), parts.length > 2 ? parts[2] : "");
        } else if (parts[1].equals("later")) {
            call.outcome().completeExceptionally(new IOException("The guest is shutting down"));
        } else {
            call.outcome()
                    .complete(
                            new Outcome(!parts[1].equals("failed"), call.words().toString()));
        }
    }

    @Override
    public void close() {
        worker.interrupt();
    }
}
