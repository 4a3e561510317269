// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.instance;

import io.jlima.api.HostEnvironment;
import io.jlima.api.LimaException;
import io.jlima.api.config.InstanceConfig;
import io.jlima.api.config.InstanceConfig.Mount;
import io.jlima.api.guest.AgentSession;
import io.jlima.api.guest.Attachment;
import io.jlima.api.guest.Guest;
import io.jlima.api.guest.GuestService;
import io.jlima.api.guest.GuestWords;
import io.jlima.api.guest.SharedMount;
import io.jlima.api.machine.Machine;
import io.jlima.api.mount.MountAttachment;
import io.jlima.api.mount.MountDriver;
import io.jlima.api.network.Network;
import io.jlima.api.ssh.SshConnection;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The guest of a machine in our care, with all that is attached to it. Made when the machine is taken, closed once. */
final class RunningGuest implements Guest, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(RunningGuest.class);

    /** What people know mounts by. */
    private static final String MOUNTS = "mounts";

    /** One change of its mounts at a time, since each rewrites a file that it has read. */
    final ReentrantLock changingMounts = new ReentrantLock();

    private final LiveInstance live;
    private final Platform platform;
    private final Machine machine;
    private final InstanceConfig config;
    private final HostEnvironment caller;
    private final CompletableFuture<Void> up = new CompletableFuture<>();
    private final Attachments attachments;
    private final Restarts restarts;
    private final MountType mountType;
    private volatile List<Mount> mounts;
    private final Map<String, String> troubles = new ConcurrentSkipListMap<>();
    private final AtomicReference<@Nullable AgentSession> agent = new AtomicReference<>();

    RunningGuest(LiveInstance live, Platform platform, Machine machine, InstanceConfig config, HostEnvironment caller) {
        this.live = live;
        this.platform = platform;
        this.machine = machine;
        this.config = config;
        this.caller = caller;
        this.mountType = new MountType(live.folder);
        this.mounts = config.mounts();
        this.attachments = new Attachments(live.folder.name());
        this.restarts = new Restarts(live, platform, machine, config, caller);
    }

    /** Attaches everything there is; the agent first, since others use it. */
    void attachAll() {
        Drivers drivers = platform.drivers();
        if (!config.plain()) {
            drivers.guestAgent().ifPresent(kind -> {
                try {
                    agent.set(kind.connect(this));
                } catch (RuntimeException | LinkageError e) {
                    failed("guest agent", e);
                }
                if (attachments.isClosed()) {
                    // The machine has ended in between.
                    closeAgent();
                }
            });
            attachMounts(drivers);
        }
        drivers.guestServices().forEach(this::attach);
    }

    private void attachMounts(Drivers drivers) {
        List<Mount> wanted = mounts;
        if (wanted.isEmpty()) {
            return;
        }
        try {
            String word = mountType.of(config, drivers);
            // The guest has run meanwhile.
            NestedMounts.check(wanted);
            attachments.attach(word, MOUNTS, () -> drivers.mountDriver(word).attach(this, wanted));
            trouble(MOUNTS, null);
            mountsChanged();
        } catch (RuntimeException | LinkageError e) {
            failed(MOUNTS, e);
        }
    }

    /** A driver has come, perhaps the one that these mounts were missing. */
    void mountDriverCame(String word) {
        Drivers drivers = platform.drivers();
        if (!config.plain() && mountType.is(word, config, drivers)) {
            attachMounts(drivers);
        }
    }

    /** A driver goes. Its mounts are as they were by then when one of its kind comes again. */
    void mountDriverGoes(String word) {
        Optional<MountAttachment> live = mounts();
        if (attachments.detach(word).isPresent()) {
            live.ifPresent(now -> mounts = now.mounts());
            if (!mounts.isEmpty()) {
                trouble(MOUNTS, "the driver for its mounts (" + word + ") is gone; install it again");
            }
            mountsChanged();
        }
    }

    /** Mounts were added or removed. */
    void mountsChanged() {
        attachments.forEach(Attachment::mountsChanged);
    }

    @Override
    public List<SharedMount> shared() {
        if (config.plain()) {
            return List.of();
        }
        List<Mount> now = mounts().map(MountAttachment::mounts).orElse(mounts);
        Drivers drivers = platform.drivers();
        try {
            if (now.isEmpty()) {
                return List.of();
            }
            MountDriver driver = drivers.mountDriver(mountType.of(config, drivers));
            return now.stream()
                    .map(mount -> new SharedMount(mount, driver.replay(mount)))
                    .toList();
        } catch (LimaException e) {
            // The driver is gone, and its mounts with it.
            LOG.debug("{}: no driver for its mounts", name(), e);
            return List.of();
        }
    }

    /** The mounts, of a driver that can tell of them. */
    Optional<MountAttachment> mounts() {
        return attachments.first(MountAttachment.class);
    }

    /**
     * The mounts, of a driver that can change them. A guest without mounts gets a driver that can.
     *
     * @throws LimaException when the guest is known to have no use for that driver
     */
    Optional<MountAttachment> liveMounts() {
        Drivers drivers = platform.drivers();
        String word = MachinePlan.laterMountType(config);
        if (mounts().isEmpty() && config.mounts().isEmpty() && drivers.hasMountDriver(word)) {
            if (config.mountTypesUnsupported().contains(word)) {
                throw new LimaException(
                        "instance `" + name() + "` cannot be given mounts while it runs",
                        "that takes " + word + ", which its lima.yaml lists in mountTypesUnsupported",
                        "Add them to `mounts` in its lima.yaml and restart it",
                        null);
            }
            // The next daemon meets a guest that mounts by this driver, whatever it would choose itself.
            MountType.keep(live.folder, word);
            mountType.settle(word);
            attachments.attach(word, MOUNTS, () -> drivers.mountDriver(word).attach(this, List.of()));
        }
        return mounts();
    }

    /** The word of the driver of its mounts; empty when there are none. */
    String mountType() {
        return mountType.of(config, platform.drivers());
    }

    /** Attaches a service that works for guests now, unless it is attached already. */
    void attach(GuestService service) {
        try {
            attachments.attach(service, service.title(), () -> service.attach(this));
        } catch (RuntimeException | LinkageError e) {
            failed(service.title(), e);
        }
        if (!platform.drivers().guestServices().contains(service)) {
            // It went before it was attached, and nobody says so again.
            detach(service);
        }
    }

    private void failed(String title, Throwable e) {
        LOG.error("{}: {} cannot be attached", live.folder.name(), title, e);
        trouble(title, title + ": " + e.getMessage());
    }

    /** Something has happened to the machine. */
    void happened(Machine.Event event) {
        agent().ifPresent(session -> session.happened(event));
        if (event instanceof Machine.Reset && !config.plain()) {
            restarts.begin();
        }
    }

    /** Closes what this service has attached; nothing happens if there is none. */
    void detach(GuestService service) {
        attachments.detach(service).ifPresent(troubles::remove);
    }

    /** The guest lets its user in. */
    void isUp() {
        up.complete(null);
    }

    /**
     * Waits until all that is attached is as it should be.
     *
     * @return what is not, one line each
     */
    List<String> awaitReady(Duration limit) throws InterruptedException {
        return attachments.awaitReady(limit);
    }

    @Override
    public String name() {
        return live.folder.name();
    }

    @Override
    public Path directory() {
        return live.folder.path();
    }

    @Override
    public InstanceConfig config() {
        return config;
    }

    @Override
    public int sshPort() {
        live.lock.lock();
        try {
            return live.sshPort;
        } finally {
            live.lock.unlock();
        }
    }

    @Override
    public HostEnvironment caller() {
        return caller;
    }

    @Override
    public Machine machine() {
        return machine;
    }

    @Override
    public CompletionStage<Void> up() {
        return up.minimalCompletionStage();
    }

    @Override
    public SshConnection connection() throws InterruptedException {
        return platform.connections().kept(live);
    }

    @Override
    public SshConnection ownConnection() throws InterruptedException {
        return platform.connections().own(live);
    }

    @Override
    public Optional<Network.Addresses> addresses() {
        // The same for each machine of this network, whatever is asked for beside them.
        return platform.drivers()
                .network("slirp")
                .plan(new Network.Request(name(), "eth0", "52:55:55:00:00:00", 0))
                .addresses();
    }

    @Override
    public Optional<AgentSession> agent() {
        return Optional.ofNullable(agent.get());
    }

    @Override
    public void trouble(String source, @Nullable String said) {
        String words = said == null ? null : GuestWords.plain(said);
        String before = words == null ? troubles.remove(source) : troubles.put(source, words);
        if (words != null && !words.equals(before)) {
            LOG.warn("{}: {}", name(), words);
            log(words);
        } else if (words == null && before != null) {
            log(source + ": well again");
        }
    }

    @Override
    public List<String> troubles() {
        return List.copyOf(troubles.values());
    }

    @Override
    public void log(String message) {
        live.agent().ifPresent(hostAgent -> hostAgent.log("info", GuestWords.plain(message)));
    }

    @Override
    public void event(String member, String json) {
        live.agent().ifPresent(hostAgent -> hostAgent.event(member, json));
    }

    /** Releases what the host holds; the guest, if it still runs, is not asked anything. */
    @Override
    public void close() {
        restarts.close();
        attachments.close();
        closeAgent();
    }

    private void closeAgent() {
        AgentSession session = agent.getAndSet(null);
        if (session != null) {
            try {
                session.close();
            } catch (RuntimeException | LinkageError e) {
                LOG.error("{}: the agent's session cannot be closed", name(), e);
            }
        }
    }
}
