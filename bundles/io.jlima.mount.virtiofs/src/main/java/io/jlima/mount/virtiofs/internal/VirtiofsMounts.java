// SPDX-License-Identifier: Apache-2.0
package io.jlima.mount.virtiofs.internal;

import io.jlima.api.LimaException;
import io.jlima.api.config.InstanceConfig.Mount;
import io.jlima.api.guest.Guest;
import io.jlima.api.machine.HotPlug;
import io.jlima.api.mount.MountAttachment;
import io.jlima.api.ssh.SshConnection;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The mounts of one guest, which its machine serves and its kernel makes: while it boots, those that its configuration
 * volume names. All that is left is to look whether it has, at each boot, to mount what has come since, and to watch the
 * daemons.
 */
final class VirtiofsMounts implements MountAttachment {
    /** For a first boot under emulation. */
    private static final Duration BOOT_LIMIT = Duration.ofMinutes(30);

    /** Whoever wants a change is not kept waiting for a guest that does not get so far. */
    private static final int UP_SECONDS = 60;

    private static final int END_SECONDS = 1;

    private final Guest guest;
    private final Map<String, VirtiofsMount> mounts = new LinkedHashMap<>();
    private final CompletableFuture<Void> ready = new CompletableFuture<>();

    /** Held while the guest mounts or unmounts, so that nobody puts back what another takes away. */
    private final ReentrantLock changing = new ReentrantLock();

    private final Thread look;

    VirtiofsMounts(Guest guest, List<Mount> mounts) {
        this.guest = guest;
        mounts.forEach(this::keep);
        this.look = Thread.ofVirtual().name("virtiofs-look").start(this::lookAtEachBoot);
    }

    private void keep(Mount mount) {
        VirtiofsMount fresh = new VirtiofsMount(guest, mount);
        synchronized (mounts) {
            mounts.put(mount.mountPoint(), fresh);
        }
        fresh.watch();
    }

    private List<VirtiofsMount> all() {
        synchronized (mounts) {
            return List.copyOf(mounts.values());
        }
    }

    private @Nullable VirtiofsMount at(String mountPoint) {
        synchronized (mounts) {
            return mounts.get(mountPoint);
        }
    }

    /** A connection ends with the boot that it was made in, if not before. */
    private void lookAtEachBoot() {
        try {
            guest.up().toCompletableFuture().get();
            do {
                try {
                    SshConnection connection = guest.connection();
                    look(connection);
                    connection.closed().toCompletableFuture().get();
                } catch (IOException | LimaException e) {
                    ready.completeExceptionally(
                            new LimaException("the guest cannot be asked for its mounts: " + e.getMessage(), e));
                }
            } while (!machineEnds());
        } catch (InterruptedException | ExecutionException e) {
            ready.cancel(false);
        }
    }

    /** The end of a machine is known a moment after that of the connection to its guest. */
    private boolean machineEnds() throws InterruptedException, ExecutionException {
        try {
            guest.machine().exited().toCompletableFuture().get(END_SECONDS, TimeUnit.SECONDS);
            return true;
        } catch (TimeoutException e) {
            return false;
        }
    }

    private void look(SshConnection connection) throws IOException, InterruptedException {
        SeenMounts.awaitBoot(connection, BOOT_LIMIT);
        List<String> lines = new ArrayList<>();
        changing.lockInterruptibly();
        try {
            SeenMounts seen = SeenMounts.in(connection);
            if (seen.isStopping()) {
                return;
            }
            for (VirtiofsMount each : all()) {
                if (each.lost() == null) {
                    Optional<String> trouble = seen.has(each.mount().mountPoint())
                            ? Optional.empty()
                            : mountAgain(connection, each.mount(), seen.kernelCan());
                    each.seen(trouble.orElse(null));
                    trouble.ifPresent(lines::add);
                }
            }
        } finally {
            changing.unlock();
        }
        if (lines.isEmpty()) {
            ready.complete(null);
        } else {
            ready.completeExceptionally(new LimaException(String.join("; ", lines)));
        }
    }

    /** What has come since the machine was started is not known to the guest's boot. */
    private static Optional<String> mountAgain(SshConnection connection, Mount mount, boolean kernelCan)
            throws IOException, InterruptedException {
        String what = mount.location() + " is not mounted at " + mount.mountPoint() + ": ";
        if (!kernelCan) {
            return Optional.of(what + "the guest's kernel has no virtiofs; mountType reverse-sshfs or 9p may work");
        }
        try {
            new GuestKernel(connection).mount(mount);
            return Optional.empty();
        } catch (LimaException e) {
            return Optional.of(what + e.evidence() + "; see /var/log/lima-boot.log in the guest");
        }
    }

    @Override
    public CompletionStage<Void> ready() {
        return ready.minimalCompletionStage();
    }

    @Override
    public boolean isBeyondRepair() {
        return all().stream().anyMatch(each -> each.lost() != null);
    }

    @Override
    public List<State> states() {
        return all().stream().map(VirtiofsMount::state).toList();
    }

    @Override
    public void add(Mount mount) throws InterruptedException {
        VirtiofsMountDriver.check(mount);
        changing.lockInterruptibly();
        try {
            if (at(mount.mountPoint()) != null) {
                throw new LimaException(
                        mount.mountPoint() + " is a mount point already",
                        "Remove it first with `limactl mount remove " + guest.name() + " " + mount.mountPoint() + "`");
            }
            HotPlug machine = machine();
            SshConnection connection = connection();
            ShareDaemon daemon = new ShareDaemon(guest.directory(), mount);
            daemon.start(VirtiofsMountDriver.command(guest, mount), guest.caller());
            try {
                machine.plug(VirtiofsMountDriver.device(guest.directory(), mount));
                mountOrUnplug(connection, machine, mount);
            } catch (LimaException | InterruptedException e) {
                daemon.discard();
                throw e;
            }
            keep(mount);
        } finally {
            changing.unlock();
        }
    }

    private static void mountOrUnplug(SshConnection connection, HotPlug machine, Mount mount)
            throws InterruptedException {
        try {
            new GuestKernel(connection).mount(mount);
        } catch (IOException | LimaException | InterruptedException e) {
            try {
                machine.unplug(mount.tag());
            } catch (LimaException left) {
                throw new LimaException(e.getMessage() + "; and " + left.getMessage(), e);
            }
            switch (e) {
                case InterruptedException interrupt -> throw interrupt;
                case LimaException refusal -> throw refusal;
                default -> throw lost(e);
            }
        }
    }

    @Override
    public void remove(String mountPoint) throws InterruptedException {
        changing.lockInterruptibly();
        try {
            VirtiofsMount each = at(mountPoint);
            if (each == null) {
                throw new LimaException(
                        mountPoint + " is no mount point of instance `" + guest.name() + "`",
                        "`limactl mount list " + guest.name() + "` shows them");
            }
            if (each.lost() instanceof String line) {
                throw new LimaException(line);
            }
            HotPlug machine = machine();
            Mount mount = each.mount();
            if (!machine.isPlugged(mount.tag())) {
                throw new LimaException(
                        mountPoint + " cannot be removed while the guest runs",
                        "its device has a fixed place in the machine",
                        "Change `mounts` in lima.yaml and restart the instance",
                        null);
            }
            SshConnection connection = connection();
            new GuestKernel(connection).unmount(mount);
            each.close();
            unplugOrMount(connection, machine, mount);
            synchronized (mounts) {
                mounts.remove(mountPoint);
            }
            new ShareDaemon(guest.directory(), mount).discard();
        } catch (IOException e) {
            throw lost(e);
        } finally {
            changing.unlock();
        }
    }

    private void unplugOrMount(SshConnection connection, HotPlug machine, Mount mount)
            throws IOException, InterruptedException {
        try {
            machine.unplug(mount.tag());
        } catch (LimaException | InterruptedException e) {
            keep(mount);
            try {
                new GuestKernel(connection).mount(mount);
            } catch (LimaException again) {
                throw new LimaException(e.getMessage() + "; and " + again.getMessage(), e);
            }
            throw e;
        }
    }

    private HotPlug machine() {
        return guest.machine()
                .as(HotPlug.class)
                .orElseThrow(() -> new LimaException(
                        "the mounts of instance `" + guest.name() + "` cannot be changed while it runs",
                        "a mount by virtiofs is a device of its machine, which takes none while it runs",
                        "Change `mounts` in lima.yaml and restart it; with mountType reverse-sshfs mounts come and go",
                        null));
    }

    private SshConnection connection() throws InterruptedException {
        try {
            guest.up().toCompletableFuture().get(UP_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw new LimaException("the guest of instance `" + guest.name() + "` lets nobody in yet", e);
        }
        return guest.connection();
    }

    private static LimaException lost(Exception e) {
        return new LimaException("the guest was lost on the way: " + e.getMessage(), e);
    }

    @Override
    public void close() {
        look.interrupt();
        all().forEach(VirtiofsMount::close);
    }
}
