// SPDX-License-Identifier: Apache-2.0
package io.jlima.fileevents.internal;

import io.jlima.api.guest.AgentSession;
import io.jlima.api.guest.AgentSession.Change;
import io.jlima.api.guest.AgentSession.FileEvent;
import io.jlima.api.guest.Attachment;
import io.jlima.api.guest.Guest;
import io.jlima.api.guest.GuestAddress;
import io.jlima.fileevents.internal.Roots.Root;
import java.io.IOException;
import java.nio.file.ClosedWatchServiceException;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.nio.file.WatchKey;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells one guest's agent what changes in the guest's mounts. It begins when the agent is there for the first time; what
 * happens while the agent is away is told when it is back. All but the waiting is done by one thread.
 */
final class GuestFileEvents implements Attachment, TreeWatch.Sink {
    private static final Logger LOG = LoggerFactory.getLogger(GuestFileEvents.class);

    /** Some 500 bytes each here, and 1 KiB in the kernel. */
    static final int MOST_DIRECTORIES = 32_768;

    /** A mounted directory that the host does not have is looked for that often. */
    private static final long MISSING_NANOS = TimeUnit.SECONDS.toNanos(2);

    private static final String SOURCE = "mountInotify";

    private final Guest guest;
    private final AgentSession agent;
    private final @Nullable Path home;
    private final AutoCloseable listening;
    private final Pending pending = new Pending(System.nanoTime());
    private final Told told = new Told();
    private final BlockingQueue<Runnable> tasks = new LinkedBlockingQueue<>();
    private final Thread worker;
    private Roots roots = Roots.NONE;
    private @Nullable TreeWatch trees;
    private volatile boolean closed;

    GuestFileEvents(Guest guest, AgentSession agent) {
        this.guest = guest;
        this.agent = agent;
        this.home = home(guest.directory());
        // A thread of the system's own, because most of what it does is asking file systems.
        this.worker = Thread.ofPlatform()
                .daemon()
                .name("file events of " + guest.name())
                .start(this::work);
        this.listening = agent.watch(new AgentSession.Listener() {
            @Override
            public void connected(List<GuestAddress> listening) {
                tasks.add(GuestFileEvents.this::look);
            }
        });
    }

    private static @Nullable Path home(Path instance) {
        try {
            return instance.toRealPath().getParent();
        } catch (IOException e) {
            return instance.getParent();
        }
    }

    private void work() {
        try {
            while (!closed) {
                Runnable task = next();
                if (task != null) {
                    task.run();
                }
                if (trees != null) {
                    tell();
                }
            }
        } catch (InterruptedException | ClosedWatchServiceException e) {
            LOG.debug("{}: file events end", guest.name(), e);
        } catch (RuntimeException | LinkageError e) {
            LOG.error("{}: files are watched no more", guest.name(), e);
            guest.trouble(SOURCE, "changes of files are told to the guest no more: " + e);
        } finally {
            end();
        }
    }

    private @Nullable Runnable next() throws InterruptedException {
        long now = System.nanoTime();
        if (!pending.isEmpty() && agent.isConnected()) {
            return tasks.poll(pending.delay(now), TimeUnit.NANOSECONDS);
        }
        if (trees != null && isMissingOne()) {
            Runnable task = tasks.poll(MISSING_NANOS, TimeUnit.NANOSECONDS);
            return task == null ? this::look : task;
        }
        return tasks.take();
    }

    private boolean isMissingOne() {
        return roots.all().stream().anyMatch(root -> !root.there() || !isWatched(root.directory()));
    }

    private boolean isWatched(Path directory) {
        return trees != null && trees.isWatched(directory);
    }

    /** Watches what the guest is shown now. */
    private void look() {
        roots = Roots.of(guest.shared());
        try {
            TreeWatch watch = trees;
            if (watch == null) {
                if (roots.all().isEmpty()) {
                    return;
                }
                watch = new TreeWatch(
                        FileSystems.getDefault().newWatchService(), this, this::isOurOwn, MOST_DIRECTORIES);
                trees = watch;
                TreeWatch source = watch;
                Thread.ofVirtual()
                        .name("file events of " + guest.name() + " come")
                        .start(() -> pass(source));
            }
            watch.watch(roots.directories());
        } catch (IOException e) {
            unwatched(e.getMessage() + "; see fs.inotify.max_user_instances");
        }
    }

    private void pass(TreeWatch source) {
        try {
            while (!closed) {
                WatchKey key = source.take();
                tasks.add(() -> source.handle(key));
            }
        } catch (InterruptedException | ClosedWatchServiceException e) {
            LOG.debug("{}: no more file events", guest.name(), e);
        }
    }

    /**
     * The home of all instances, where the machines themselves write: what is told of their disks makes more of the same.
     * One that is mounted as such is the user's own wish.
     */
    private boolean isOurOwn(Path directory) {
        return directory.equals(home) && !roots.directories().contains(directory);
    }

    @Override
    public void changed(Path path, Path directory) {
        if (!pending.add(path, directory, System.nanoTime()) && pending.isNewlyCrowded()) {
            guest.log("So many files of mounts change at once that of some only the directory is told to the guest");
        }
    }

    @Override
    public void changedEntries(Path directory) {
        pending.addDirectory(directory, System.nanoTime());
    }

    @Override
    public void unwatched(String reason) {
        guest.trouble(SOURCE, "not all changes in mounts are told to the guest: " + reason);
    }

    private void tell() {
        if (pending.isEmpty() || !agent.isConnected()) {
            return;
        }
        List<FileEvent> events = new ArrayList<>();
        for (Path path : pending.due(System.nanoTime())) {
            facts(path).ifPresentOrElse(now -> add(events, path, now), () -> told.forget(path));
        }
        if (!events.isEmpty()) {
            try {
                agent.touched(events);
            } catch (IOException e) {
                LOG.debug("{}: the agent went before it was told of {} changes", guest.name(), events.size(), e);
            }
        }
    }

    /** Of what is there and in its place, not behind a link that the guest has put on the way. */
    private static Optional<Facts> facts(Path path) {
        try {
            Path directory = path.getParent();
            return directory == null || TreeWatch.isItself(directory) ? Facts.of(path) : Optional.empty();
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    private void add(List<FileEvent> events, Path path, Facts now) {
        List<Change> news = told.news(path, now);
        for (Root root : roots.of(path)) {
            Instant sign = root.replay().sign();
            // What is done by a sign leaves the host as it is, so whatever happens here is news.
            List<Change> all = news.isEmpty() && sign != null ? List.of(Change.ATTRIBUTES) : news;
            for (Change change : all) {
                events.add(new FileEvent(
                        root.mountPoint(),
                        root.inside(path),
                        change,
                        sign == null ? now.modified() : sign,
                        sign != null));
            }
        }
    }

    @Override
    public void mountsChanged() {
        tasks.add(() -> {
            if (trees != null || agent.isConnected()) {
                look();
            }
        });
    }

    private void end() {
        try {
            if (trees != null) {
                trees.close();
            }
        } catch (IOException e) {
            LOG.debug("{}: the watch cannot be closed", guest.name(), e);
        }
    }

    @Override
    public void close() {
        closed = true;
        guest.trouble(SOURCE, null);
        tasks.add(() -> {});
        try {
            listening.close();
        } catch (Exception e) {
            LOG.debug("{}: the agent's session is gone already", guest.name(), e);
        }
    }
}
