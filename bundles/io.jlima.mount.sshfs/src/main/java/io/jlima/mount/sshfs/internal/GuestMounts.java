// SPDX-License-Identifier: Apache-2.0
package io.jlima.mount.sshfs.internal;

import io.jlima.api.LimaException;
import io.jlima.api.config.InstanceConfig.Mount;
import io.jlima.api.guest.AgentSession;
import io.jlima.api.guest.Guest;
import io.jlima.api.guest.GuestAddress;
import io.jlima.api.machine.Machine.ProcessIdentity;
import io.jlima.api.mount.MountAttachment;
import io.jlima.mount.sshfs.internal.GuestShell.Outcome;
import io.jlima.mount.sshfs.internal.MountKeeper.Neighbours;
import io.jlima.mount.sshfs.internal.sftp.BuiltinServer;
import io.jlima.mount.sshfs.internal.sftp.SftpServer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** All mounts of one guest. */
final class GuestMounts implements MountAttachment {
    private static final Logger LOG = LoggerFactory.getLogger(GuestMounts.class);

    /** Variable of whoever starts the instance: mount points, with commas, that go by ssh all the same; or all. */
    static final String BY_SSH = "JLIMA_SSHFS_BY_SSH";

    /** A guest under load takes its time; one that takes longer than this will not do it at all. */
    private static final int CHANGE_SECONDS = 60;

    /** A mount that takes longer than this is none that others should wait for. */
    private static final int MOST_URGENT_SECONDS = 5;

    private final Guest guest;
    private final BiFunction<Mount, Collection<Mount>, SftpServer> servers;
    private final GuestShell shell;
    private final SharedConnections connections;
    private final DoorPorts ports;
    private final DirectDoors doors;
    private final Map<String, MountKeeper> keepers = new LinkedHashMap<>();
    private final CompletableFuture<Void> ready;
    private final Optional<AutoCloseable> returns;

    /** @param servers makes the server of a mount, given all mounts */
    GuestMounts(Guest guest, List<Mount> mounts, BiFunction<Mount, Collection<Mount>, SftpServer> servers) {
        this.guest = guest;
        this.servers = servers;
        this.shell = new GuestShell(guest, this::lookAtAll);
        this.connections = new SharedConnections(guest);
        this.ports = new DoorPorts(guest.directory());
        this.doors = new DirectDoors(guest.machine().identity(), ports);
        for (Mount mount : mounts) {
            keepers.put(mount.mountPoint(), keeper(mount, mounts));
        }
        keepers.values().forEach(MountKeeper::begin);
        this.ready = CompletableFuture.allOf(
                keepers.values().stream().map(MountKeeper::ready).toArray(CompletableFuture[]::new));
        beginShell();
        this.returns = guest.agent().map(agent -> agent.watch(new Returns()));
    }

    /**
     * By ssh nothing works until it is mounted again, while sshfs that has gone directly has found the new daemon by
     * itself: whether that has gone well is asked when the guest has done what is urgent.
     */
    private void beginShell() {
        CompletableFuture.allOf(
                        keepers.values().stream().map(MountKeeper::tried).toArray(CompletableFuture[]::new))
                .completeOnTimeout(null, MOST_URGENT_SECONDS, TimeUnit.SECONDS)
                .whenComplete((done, failure) -> shell.begin());
    }

    /** A guest whose agent is back after an absence has restarted, or was away: what has failed may work now. */
    private final class Returns implements AgentSession.Listener {
        private boolean away;

        @Override
        public void disconnected() {
            away = true;
        }

        @Override
        public void connected(List<GuestAddress> listening) {
            if (away) {
                away = false;
                lookAtAll();
            }
        }
    }

    private MountKeeper keeper(Mount mount, Collection<Mount> mounts) {
        SftpServer server = servers.apply(mount, mounts);
        boolean events = guest.config().mountInotify() && server instanceof BuiltinServer;
        SshfsOptions options = new SshfsOptions(mount, events);
        Function<Runnable, Transport> bySsh = onEnd -> new SshTransport(connections, options, server, onEnd);
        Function<Runnable, Transport> first =
                onEnd -> direct(options, server, onEnd).orElseGet(() -> bySsh.apply(onEnd));
        String point = mount.mountPoint();
        Neighbours neighbours = new Neighbours(
                () -> bySsh(other -> isWithin(point, other)), () -> bySsh(other -> isWithin(other, point)));
        return new MountKeeper(guest, mount, server.word(), first, bySsh, neighbours);
    }

    /** @param wanted asked of each mount point */
    private List<MountKeeper> bySsh(Predicate<String> wanted) {
        return all().stream()
                .filter(keeper -> keeper.isBySsh() && wanted.test(keeper.mount().mountPoint()))
                .toList();
    }

    private static boolean isWithin(String inner, String outer) {
        return !inner.equals(outer) && Path.of(inner).startsWith(Path.of(outer));
    }

    private Optional<Transport> direct(SshfsOptions options, SftpServer server, Runnable onEnd) {
        Mount mount = options.mount();
        long machine = guest.machine().identity().pid();
        if (isBySsh(mount) || guest.addresses().isEmpty() || !MachineSockets.canBeTold(machine)) {
            return Optional.empty();
        }
        try {
            return Optional.of(new DirectTransport(
                    shell, options, guest.addresses().get().gateway(), doors.enter(mount, server, onEnd)));
        } catch (IOException e) {
            guest.log("No port for " + mount.mountPoint() + ": " + e.getMessage());
            return Optional.empty();
        }
    }

    /** Whoever started the machine has said so; a daemon that adopts it has that from the one before it. */
    private boolean isBySsh(Mount mount) {
        ProcessIdentity machine = guest.machine().identity();
        List<String> bySsh = List.of(guest.caller().variable(BY_SSH).orElse("").split(","));
        boolean wanted = bySsh.contains("all") || bySsh.contains(mount.mountPoint());
        if (wanted) {
            ports.keepBySsh(mount.mountPoint(), machine);
        }
        return wanted || ports.isBySsh(mount.mountPoint(), machine);
    }

    private synchronized List<MountKeeper> all() {
        return List.copyOf(keepers.values());
    }

    @Override
    public List<Mount> mounts() {
        return all().stream().map(MountKeeper::mount).toList();
    }

    private void lookAtAll() {
        all().forEach(MountKeeper::look);
    }

    @Override
    public CompletionStage<Void> ready() {
        return ready.minimalCompletionStage();
    }

    @Override
    public List<State> states() {
        return all().stream().map(MountKeeper::state).toList();
    }

    @Override
    public void add(Mount mount) throws InterruptedException {
        MountKeeper keeper;
        synchronized (this) {
            if (keepers.containsKey(mount.mountPoint())) {
                throw new LimaException(
                        mount.mountPoint() + " is a mount point already",
                        "Remove it first with `limactl mount remove " + guest.name() + " " + mount.mountPoint() + "`");
            }
            keeper = keeper(mount, mounts());
            keepers.put(mount.mountPoint(), keeper);
        }
        keeper.begin();
        try {
            keeper.ready().get(CHANGE_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            forget(keeper);
            throw new LimaException(
                    String.valueOf(e.getCause() == null ? e : e.getCause().getMessage()), e);
        } catch (TimeoutException e) {
            forget(keeper);
            throw new LimaException(
                    "the guest did not mount " + mount.mountPoint() + " within " + CHANGE_SECONDS + " s", e);
        } catch (InterruptedException e) {
            forget(keeper);
            throw e;
        }
    }

    private void forget(MountKeeper keeper) {
        synchronized (this) {
            keepers.remove(keeper.mount().mountPoint(), keeper);
        }
        keeper.close();
    }

    @Override
    public void remove(String mountPoint) throws InterruptedException {
        MountKeeper keeper;
        synchronized (this) {
            keeper = keepers.get(mountPoint);
        }
        if (keeper == null) {
            throw new LimaException(
                    mountPoint + " is no mount point of instance `" + guest.name() + "`",
                    "`limactl mount list " + guest.name() + "` shows them");
        }
        keeper.retire();
        try {
            // The guest's side first: while the server lives nobody there has to wait for it.
            await(keeper.mount(), shell.ask(mountPoint, number -> GuestScript.detach(number, mountPoint)));
        } catch (LimaException | InterruptedException e) {
            renew(keeper);
            throw e;
        }
        forget(keeper);
    }

    /** What could not be removed is looked after again. */
    private void renew(MountKeeper retired) {
        retired.close();
        MountKeeper fresh = keeper(retired.mount(), mounts());
        synchronized (this) {
            keepers.replace(retired.mount().mountPoint(), fresh);
        }
        fresh.begin();
    }

    private static void await(Mount mount, CompletableFuture<Outcome> detached) throws InterruptedException {
        String what = "the guest does not unmount " + mount.mountPoint();
        try {
            Outcome outcome = detached.get(CHANGE_SECONDS, TimeUnit.SECONDS);
            if (!outcome.good()) {
                throw new LimaException(what, outcome.words(), null, null);
            }
        } catch (ExecutionException | TimeoutException e) {
            throw new LimaException(what, e);
        }
    }

    @Override
    public void close() {
        returns.ifPresent(GuestMounts::closeQuietly);
        shell.close();
        all().forEach(MountKeeper::close);
        connections.close();
    }

    private static void closeQuietly(AutoCloseable watch) {
        try {
            watch.close();
        } catch (Exception e) {
            LOG.debug("The agent's session is gone already", e);
        }
    }
}
