// SPDX-License-Identifier: Apache-2.0
package io.jlima.mount.plan9.internal;

import io.jlima.api.LimaException;
import io.jlima.api.config.InstanceConfig.Mount;
import io.jlima.api.guest.Guest;
import io.jlima.api.mount.MountAttachment;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Directories that the guest's kernel mounts while it boots, and nobody else looks after: the guest is asked whenever
 * somebody wants to know, and the host whether what the machine serves is still in its place. What goes wrong at its
 * boot, the boot's own report says.
 */
final class Plan9Mounts implements MountAttachment {
    /** A guest whose kernel or sshd hangs is not waited for longer. */
    private static final Duration ANSWER_LIMIT = Duration.ofSeconds(10);

    private final Guest guest;
    private final List<Mount> mounts;

    Plan9Mounts(Guest guest, List<Mount> mounts) {
        this.guest = guest;
        this.mounts = List.copyOf(mounts);
    }

    @Override
    public List<Mount> mounts() {
        return mounts;
    }

    @Override
    public List<State> states() {
        if (mounts.isEmpty()) {
            return List.of();
        }
        if (!guest.up().toCompletableFuture().isDone()) {
            return all("the guest has not booted yet");
        }
        try {
            GuestTable seen = GuestTable.of(guest.connection(), mounts, ANSWER_LIMIT);
            HeldDirectories held = HeldDirectories.of(guest.machine().identity().pid());
            return mounts.stream()
                    .map(mount -> state(mount, trouble(mount, seen, held)))
                    .toList();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return all("the guest was not asked to the end");
        } catch (IOException | LimaException e) {
            return all("the guest cannot be asked for its mounts: " + e.getMessage());
        }
    }

    private @Nullable String trouble(Mount mount, GuestTable seen, HeldDirectories held) {
        if (held.lack(Path.of(mount.location()))) {
            return "the directory that the machine was given is not at " + mount.location()
                    + " any more; if it was removed, `limactl restart " + guest.name() + "` shows the one there now";
        }
        if (seen.has(mount)) {
            return null;
        }
        return seen.kernelCan()
                ? "it is not mounted; see /var/log/lima-boot.log in the guest"
                : "the guest's kernel has no 9p; mountType reverse-sshfs needs no such kernel";
    }

    private List<State> all(String trouble) {
        return mounts.stream().map(mount -> state(mount, trouble)).toList();
    }

    private static State state(Mount mount, @Nullable String trouble) {
        return new State(mount, "9p", "", trouble);
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
                "a mount by 9p is a device of its machine, which is there from the machine's start to its end",
                "Change `mounts` in lima.yaml and restart it; with mountType reverse-sshfs mounts come and go",
                null);
    }

    @Override
    public void close() {}
}
