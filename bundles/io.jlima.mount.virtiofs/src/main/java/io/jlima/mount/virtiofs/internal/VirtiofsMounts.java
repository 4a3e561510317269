// SPDX-License-Identifier: Apache-2.0
package io.jlima.mount.virtiofs.internal;

import io.jlima.api.LimaException;
import io.jlima.api.config.InstanceConfig.Mount;
import io.jlima.api.guest.Guest;
import io.jlima.api.mount.MountAttachment;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The mounts of one guest, which its kernel makes and its machine serves. All that is left is to look: whether the guest
 * has made them, and whether their daemons live.
 */
final class VirtiofsMounts implements MountAttachment {
    /** For a first boot under emulation. */
    private static final Duration BOOT_LIMIT = Duration.ofMinutes(30);

    /** A machine that ends takes its daemons with it, and its own end is known within a moment of theirs. */
    private static final int END_SECONDS = 1;

    private final Guest guest;
    private final List<Mount> mounts;
    private final Map<Integer, String> lost = new ConcurrentHashMap<>();
    private final Map<Integer, String> missing = new ConcurrentHashMap<>();
    private final CompletableFuture<Void> ready = new CompletableFuture<>();
    private final Thread look;
    private volatile boolean closed;

    VirtiofsMounts(Guest guest, List<Mount> mounts) {
        this.guest = guest;
        this.mounts = List.copyOf(mounts);
        for (int number = 0; number < mounts.size(); number++) {
            watch(number, new ShareDaemon(guest.directory(), mounts.get(number)));
        }
        this.look = Thread.ofVirtual().name("virtiofs-look").start(this::look);
    }

    private void watch(int number, ShareDaemon daemon) {
        Optional<ProcessHandle> process = daemon.running();
        CompletionStage<?> end = process.isPresent() ? process.get().onExit() : CompletableFuture.completedFuture(null);
        end.thenRunAsync(() -> ended(number, daemon), Thread::startVirtualThread);
    }

    private void ended(int number, ShareDaemon daemon) {
        try {
            guest.machine().exited().toCompletableFuture().get(END_SECONDS, TimeUnit.SECONDS);
        } catch (java.util.concurrent.TimeoutException e) {
            if (!closed) {
                lose(number, daemon);
            }
        } catch (InterruptedException | ExecutionException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** QEMU talks to the daemon that it met at its start and to no other. */
    private void lose(int number, ShareDaemon daemon) {
        Mount mount = mounts.get(number);
        String words = daemon.lastWords();
        String line =
                "the virtiofsd for " + mount.location() + " has ended" + (words.isEmpty() ? "" : " (" + words + ")")
                        + ", and whatever uses " + mount.mountPoint() + " in the guest hangs; `limactl restart --force "
                        + guest.name() + "` brings it back";
        lost.put(number, line);
        guest.trouble(source(mount), line);
    }

    private static String source(Mount mount) {
        return "mount " + mount.mountPoint();
    }

    private void look() {
        try {
            guest.up().toCompletableFuture().get();
            SeenMounts seen = SeenMounts.in(guest.connection(), BOOT_LIMIT);
            List<String> lines = new ArrayList<>();
            for (int number = 0; number < mounts.size(); number++) {
                Mount mount = mounts.get(number);
                if (!seen.has(mount.mountPoint())) {
                    String line = mount.location() + " is not mounted at " + mount.mountPoint() + ": "
                            + (seen.kernelCan()
                                    ? "the guest's boot could not mount it; see /var/log/lima-boot.log in the guest"
                                    : "the guest's kernel has no virtiofs; mountType reverse-sshfs or 9p may work");
                    missing.put(number, line);
                    lines.add(line);
                    guest.trouble(source(mount), line);
                }
            }
            if (lines.isEmpty()) {
                ready.complete(null);
            } else {
                ready.completeExceptionally(new LimaException(String.join("; ", lines)));
            }
        } catch (InterruptedException e) {
            ready.cancel(false);
        } catch (IOException | LimaException | ExecutionException e) {
            ready.completeExceptionally(
                    new LimaException("the guest cannot be asked for its mounts: " + e.getMessage()));
        }
    }

    @Override
    public CompletionStage<Void> ready() {
        return ready.minimalCompletionStage();
    }

    @Override
    public boolean isBeyondRepair() {
        return !lost.isEmpty();
    }

    @Override
    public List<State> states() {
        List<State> states = new ArrayList<>();
        for (int number = 0; number < mounts.size(); number++) {
            Mount mount = mounts.get(number);
            String trouble = lost.getOrDefault(number, missing.get(number));
            states.add(new State(mount, "virtiofs", "virtiofsd", trouble == null ? displaced(mount) : trouble));
        }
        return states;
    }

    private @Nullable String displaced(Mount mount) {
        return new ShareDaemon(guest.directory(), mount).isInPlace()
                ? null
                : "the directory that the guest is shown is not at " + mount.location()
                        + " any more; if it was removed, `limactl restart " + guest.name()
                        + "` shows the one there now";
    }

    @Override
    public void add(Mount mount) {
        throw fixed();
    }

    @Override
    public void remove(String mountPoint) {
        throw fixed();
    }

    private LimaException fixed() {
        return new LimaException(
                "the mounts of instance `" + guest.name() + "` cannot be changed while it runs",
                "a mount by virtiofs is a device of its machine, which has no slot for one more",
                "Change `mounts` in lima.yaml and restart it; with mountType reverse-sshfs mounts come and go",
                null);
    }

    @Override
    public void close() {
        closed = true;
        look.interrupt();
        mounts.forEach(mount -> guest.trouble(source(mount), null));
    }
}
