// SPDX-License-Identifier: Apache-2.0
package io.jlima.mount.virtiofs.internal;

import io.jlima.api.config.InstanceConfig.Mount;
import io.jlima.api.guest.Guest;
import io.jlima.api.mount.MountAttachment.State;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** One mount, whose daemon is watched. */
final class VirtiofsMount {
    /** A machine that ends takes its daemons with it, and its own end is known within a moment of theirs. */
    private static final int END_SECONDS = 1;

    private final Guest guest;
    private final Mount mount;
    private final ShareDaemon daemon;
    private volatile boolean closed;
    private volatile @Nullable String lost;
    private volatile @Nullable String missing;

    VirtiofsMount(Guest guest, Mount mount) {
        this.guest = guest;
        this.mount = mount;
        this.daemon = new ShareDaemon(guest.directory(), mount);
    }

    Mount mount() {
        return mount;
    }

    /** Begins to watch the daemon. */
    void watch() {
        Optional<ProcessHandle> process = daemon.running();
        CompletionStage<?> end = process.isPresent() ? process.get().onExit() : CompletableFuture.completedFuture(null);
        end.thenRunAsync(this::ended, Thread::startVirtualThread);
    }

    private void ended() {
        try {
            guest.machine().exited().toCompletableFuture().get(END_SECONDS, TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            if (!closed) {
                lose();
            }
        } catch (InterruptedException | ExecutionException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** QEMU talks to the daemon that it met first and to no other. */
    private void lose() {
        String words = daemon.lastWords();
        String line =
                "the virtiofsd for " + mount.location() + " has ended" + (words.isEmpty() ? "" : " (" + words + ")")
                        + ", and whatever uses " + mount.mountPoint() + " in the guest hangs; `limactl restart --force "
                        + guest.name() + "` brings it back";
        lost = line;
        guest.trouble(source(), line);
    }

    private String source() {
        return "mount " + mount.mountPoint();
    }

    /** Why its daemon is gone, null while it lives. */
    @Nullable
    String lost() {
        return lost;
    }

    /** @param trouble why the guest does not see it; null when it does */
    void seen(@Nullable String trouble) {
        missing = trouble;
        if (lost == null) {
            guest.trouble(source(), trouble);
        }
    }

    State state() {
        String displaced = displaced();
        String trouble = lost != null ? lost : displaced != null ? displaced : missing;
        return new State(mount, "virtiofs", "virtiofsd", trouble);
    }

    private @Nullable String displaced() {
        return daemon.isInPlace()
                ? null
                : "the directory that the guest is shown is not at " + mount.location()
                        + " any more; if it was removed, `limactl restart " + guest.name()
                        + "` shows the one there now, or `limactl mount remove` and `limactl mount add`";
    }

    /** Whatever becomes of its daemon is nobody's business from now on. */
    void close() {
        closed = true;
        guest.trouble(source(), null);
    }
}
