// SPDX-License-Identifier: Apache-2.0
package io.jlima.mount.sshfs.internal;

import io.jlima.api.LimaException;
import io.jlima.api.config.InstanceConfig.Mount;
import io.jlima.api.guest.Guest;
import io.jlima.api.mount.MountAttachment.State;
import io.jlima.mount.sshfs.internal.GuestShell.Outcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps one directory mounted. It looks after it when there is a reason to: a session or a connection has ended. Only
 * what failed is tried again by itself.
 */
final class MountKeeper implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(MountKeeper.class);

    private static final String NOT_YET = "not mounted yet";

    /** Milliseconds between two looks; a guest can give reasons as fast as it likes. */
    private static final long SHORTEST_PAUSE = 200;

    /** A cause that has gone is noticed within this, in milliseconds; the aim is two seconds. */
    private static final long LONGEST_PAUSE = 1000;

    private final Guest guest;
    private final Mount mount;
    private final String server;
    private final Function<Runnable, Transport> fallback;
    private final Neighbours neighbours;
    private final CompletableFuture<Void> ready = new CompletableFuture<>();
    private final Semaphore reasons = new Semaphore(0);
    private final Thread thread;
    private CompletableFuture<Void> attempt = new CompletableFuture<>();
    private volatile @Nullable Thread coming;
    private volatile Transport transport;
    private volatile @Nullable String trouble = NOT_YET;
    private volatile boolean closed;

    /**
     * Mounts by ssh that have to do with one that goes by ssh itself. Others are mounted in their order by the guest.
     *
     * @param outer those whose mount point is above its own
     * @param inner those whose mount point is below
     */
    record Neighbours(Supplier<List<MountKeeper>> outer, Supplier<List<MountKeeper>> inner) {}

    /**
     * @param server word of the SFTP server
     * @param first makes the transport that is tried first, given what to call when its session has ended
     * @param fallback makes the one that is used when the guest does not get through by the first
     */
    MountKeeper(
            Guest guest,
            Mount mount,
            String server,
            Function<Runnable, Transport> first,
            Function<Runnable, Transport> fallback,
            Neighbours neighbours) {
        this.guest = guest;
        this.mount = mount;
        this.server = server;
        this.fallback = fallback;
        this.neighbours = neighbours;
        this.transport = first.apply(this::lost);
        this.thread = Thread.ofVirtual().name("sshfs-keeper").unstarted(this::work);
    }

    void begin() {
        thread.start();
    }

    /** Has it look whether all is well. */
    void look() {
        reasons.release();
    }

    /** Completes when it is mounted for the first time, or with what stands against it. */
    CompletableFuture<Void> ready() {
        return ready;
    }

    /** Completes when what makes the mount afresh each time has tried that, and else at once. */
    CompletableFuture<Void> tried() {
        return isBySsh() ? attempt() : CompletableFuture.completedFuture(null);
    }

    boolean isBySsh() {
        return transport instanceof SshTransport;
    }

    private synchronized CompletableFuture<Void> attempt() {
        return attempt;
    }

    /** The session has ended. */
    private void lost() {
        synchronized (this) {
            if (attempt.isDone() && !closed) {
                attempt = new CompletableFuture<>();
            }
        }
        look();
    }

    Mount mount() {
        return mount;
    }

    State state() {
        // The guest's sshfs may have found a new daemon before that has found the guest.
        boolean well = NOT_YET.equals(trouble) && transport.isInUse();
        return new State(mount, transport.word(), server, well ? null : trouble);
    }

    private void work() {
        long pause = SHORTEST_PAUSE;
        try {
            while (!closed) {
                boolean attached = attachedInTurn();
                attempt().complete(null);
                if (attached) {
                    pause = SHORTEST_PAUSE;
                    TimeUnit.MILLISECONDS.sleep(SHORTEST_PAUSE);
                    reasons.acquire();
                } else {
                    reasons.tryAcquire(pause, TimeUnit.MILLISECONDS);
                    pause = Math.min(2 * pause, LONGEST_PAUSE);
                }
                reasons.drainPermits();
            }
        } catch (InterruptedException e) {
            LOG.debug("{} is looked after no more", mount.mountPoint());
        } catch (RuntimeException e) {
            LOG.error("{}: {} is looked after no more", guest.name(), mount.mountPoint(), e);
            failed(String.valueOf(e));
        }
    }

    /** A mount that comes before what it is within would be covered by that. */
    private boolean attachedInTurn() throws InterruptedException {
        boolean anew = transport instanceof SshTransport bySsh && !bySsh.isRunning();
        if (anew) {
            for (MountKeeper outer : neighbours.outer().get()) {
                outer.awaitAttempt();
            }
        }
        boolean attached = attached();
        if (anew && attached) {
            neighbours.inner().get().forEach(MountKeeper::covered);
        }
        return attached;
    }

    private void awaitAttempt() throws InterruptedException {
        try {
            attempt().get();
        } catch (ExecutionException e) {
            throw new IllegalStateException("An attempt ends well, whatever came of it", e);
        }
    }

    /** It was lost in the same moment as what it is within, and came first all the same. */
    private void covered() {
        if (transport instanceof SshTransport bySsh && bySsh.isRunning()) {
            bySsh.close();
        }
    }

    private boolean attached() throws InterruptedException {
        Outcome outcome;
        try {
            outcome = transport.attach();
        } catch (IOException | LimaException e) {
            // The guest restarts, or has just ended the first sessions of its boot: no word about the mount itself.
            trouble = e.getMessage();
            return false;
        }
        if (!outcome.good() && !transport.wasReached() && !closed && tellsOfTheNetwork(outcome.words())) {
            String words = outcome.words();
            transport.close();
            transport = fallback.apply(this::lost);
            guest.log("The guest does not reach the host directly (" + words + "); " + mount.mountPoint()
                    + " is mounted by way of ssh");
            return false;
        }
        if (outcome.good()) {
            if (trouble != null) {
                guest.log(mount.location() + " is mounted at " + mount.mountPoint() + " (" + server + ", "
                        + transport.word() + ")");
            }
            trouble = null;
            guest.trouble(source(), null);
            ready.complete(null);
        } else {
            failed(outcome.words());
        }
        return outcome.good();
    }

    /** What sshfs says when it does not get through, or nothing when it was ended for taking too long. */
    private static boolean tellsOfTheNetwork(String words) {
        return words.isEmpty() || words.toLowerCase(Locale.ROOT).contains("connect");
    }

    private void failed(String guestsWords) {
        // All that sshfs sees is a server that hangs up.
        boolean there = Files.isDirectory(Path.of(mount.location()));
        if (!there) {
            awaitDirectory();
        }
        String words = there ? guestsWords : "the host has no such directory";
        String line = "cannot mount " + mount.location() + " at " + mount.mountPoint() + ": " + words;
        trouble = line;
        guest.trouble(source(), line);
        ready.completeExceptionally(new LimaException(line));
    }

    /** Has it look again as soon as the host has the directory. */
    private void awaitDirectory() {
        Thread waiting = coming;
        if (waiting == null || !waiting.isAlive()) {
            coming = Thread.ofVirtual().name("sshfs-directory").start(() -> {
                if (MissingDirectory.awaitIt(Path.of(mount.location()))) {
                    look();
                }
            });
        }
    }

    private String source() {
        return "mount " + mount.mountPoint();
    }

    /** Ends the looking after, so that what goes away is not brought back; the host still serves. */
    void retire() {
        closed = true;
        attempt().complete(null);
        thread.interrupt();
        Thread waiting = coming;
        if (waiting != null) {
            waiting.interrupt();
        }
    }

    /** Ends the looking after; the host's end is closed, the guest is not asked anything. */
    @Override
    public void close() {
        retire();
        transport.close();
        guest.trouble(source(), null);
    }
}
