// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.instance;

import io.jlima.api.Arch;
import io.jlima.api.HostEnvironment;
import io.jlima.api.LimaException;
import io.jlima.api.Progress;
import io.jlima.api.config.ConfigReader;
import io.jlima.api.config.ConfigReader.Resolved;
import io.jlima.api.instance.Instance;
import io.jlima.api.instance.Instance.Status;
import io.jlima.api.instance.InstanceEvent;
import io.jlima.api.instance.Instances;
import io.jlima.api.machine.Hypervisor;
import io.jlima.api.machine.Machine;
import io.jlima.api.machine.Snapshots;
import io.jlima.api.ssh.SshConnection;
import io.jlima.api.ssh.SshConnector;
import io.jlima.core.internal.cidata.Cidata;
import io.jlima.core.internal.disk.DiskSnapshots;
import io.jlima.core.internal.disk.InstanceDisks;
import io.jlima.core.internal.image.CachedImage;
import io.jlima.core.internal.image.Downloads;
import io.jlima.core.internal.image.Images;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** All instances of LIMA_HOME. */
@Component(service = Instances.class)
public final class InstancesService implements Instances {
    private static final Logger LOG = LoggerFactory.getLogger(InstancesService.class);

    private final HomeFolder home;
    private final Platform platform;
    private final InstanceFiles files;
    private final Map<String, LiveInstance> live = new ConcurrentHashMap<>();
    private final Set<String> inCreation = ConcurrentHashMap.newKeySet();
    private final Drivers.Registration adoption;
    private final Drivers.Registration departure;
    private final Drivers.Registration services;

    /** A driver that takes longer to look for its machines goes on doing so while we begin to serve. */
    private static final Duration ADOPTION_LIMIT = Duration.ofSeconds(10);

    @Activate
    public InstancesService(
            @Reference HomeFolder home,
            @Reference Drivers drivers,
            @Reference ConfigReader reader,
            @Reference SshConnector connector) {
        this.home = home;
        this.platform = new Platform(
                home,
                drivers,
                new Configurations(reader, new HostFacts(home), home),
                new Images(new Downloads(), drivers::imageSource),
                new Cidata(InstantSource.system()),
                connector,
                new GuestAccess(home, connector),
                new SshPorts(),
                new Events());
        files = new InstanceFiles(home, platform.configurations(), platform.ports(), InstantSource.system());
        departure = drivers.onDeparture(this::letGoAll);
        services = drivers.onGuestService(
                service -> guests().forEach(guest -> guest.attach(service)),
                service -> guests().forEach(guest -> guest.detach(service)));
        adoption = drivers.onHypervisor(this::adoptAll);
    }

    private List<RunningGuest> guests() {
        return live.values().stream()
                .map(LiveInstance::guest)
                .flatMap(Optional::stream)
                .toList();
    }

    /** The daemon ends: machines run on, and their files stay as they are for the next daemon. */
    @Deactivate
    void release() {
        adoption.close();
        departure.close();
        services.close();
        for (LiveInstance instance : live.values()) {
            try {
                release(instance);
            } catch (RuntimeException | LinkageError e) {
                LOG.error("Instance {} cannot be let go of", instance.folder.name(), e);
            }
        }
    }

    private static void release(LiveInstance instance) {
        StartJob job;
        SshConnection connection;
        HostAgent agent;
        Machine machine;
        RunningGuest guest;
        instance.lock.lock();
        try {
            job = instance.job;
            connection = instance.connection;
            agent = instance.agent;
            machine = instance.machine;
            guest = instance.guest;
            instance.guest = null;
        } finally {
            instance.lock.unlock();
        }
        if (job != null) {
            job.abandon();
        }
        if (guest != null) {
            guest.close();
        }
        if (connection != null) {
            connection.close();
        }
        if (agent != null) {
            agent.release();
        }
        if (machine != null) {
            machine.release();
        }
    }

    /** Adopts all machines of a driver, at the same time; one that cannot be adopted harms no other. */
    private void adoptAll(Hypervisor hypervisor) {
        List<Thread> threads = home.instances().stream()
                .map(folder ->
                        Thread.ofVirtual().name("adopt-" + folder.name()).start(() -> adopt(folder.name(), hypervisor)))
                .toList();
        long deadline = System.nanoTime() + ADOPTION_LIMIT.toNanos();
        try {
            for (Thread thread : threads) {
                if (!thread.join(Duration.ofNanos(Math.max(1, deadline - System.nanoTime())))) {
                    LOG.error("{} takes its time: {}", thread.getName(), hypervisor);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void letGoAll(Hypervisor hypervisor) {
        for (LiveInstance instance : live.values()) {
            platform.letGo(instance, hypervisor);
            platform.announce(instance);
        }
    }

    private void adopt(String name, Hypervisor hypervisor) {
        try {
            LiveInstance instance = of(name);
            if (platform.adopt(instance, hypervisor)) {
                // Its start was cut off when the earlier daemon ended: it goes on here, whoever asks for it next.
                goOn(instance);
            }
        } catch (RuntimeException | LinkageError e) {
            LOG.error("Instance {} cannot be adopted", name, e);
        }
    }

    private LiveInstance of(String name) {
        return live.computeIfAbsent(name, n -> new LiveInstance(home.instance(n)));
    }

    @Override
    public Path home() {
        return home.path();
    }

    @Override
    public List<Path> templateDirectories(HostEnvironment caller) {
        return home.templateDirectories(caller);
    }

    @Override
    public List<Instance> list() {
        InstanceFiles.Defaults defaults = files.defaults();
        return home.instances().stream().map(folder -> look(folder, defaults)).toList();
    }

    @Override
    public Optional<Instance> find(String name) {
        return home.instances().stream()
                .filter(folder -> folder.name().equals(name))
                .findFirst()
                .map(this::look);
    }

    private Instance look(InstanceFolder folder) {
        return look(folder, files.defaults());
    }

    private Instance look(InstanceFolder folder, InstanceFiles.Defaults defaults) {
        LiveInstance now = of(folder.name());
        InstanceFiles.Content content = files.of(folder, defaults);
        List<String> errors = new ArrayList<>(content.errors());
        Configuration configuration = content.configuration();
        Status status;
        Machine machine;
        HostAgent agent;
        int port;
        String activity;
        now.lock.lock();
        try {
            status = now.status();
            machine = now.machine;
            agent = now.agent;
            port = now.sshPort;
            activity = now.activity();
            errors.addAll(now.troubles);
            if (now.guest != null) {
                errors.addAll(now.guest.troubles());
            }
        } finally {
            now.lock.unlock();
        }
        if (status == Status.STOPPED && content.hasAgent() && LimaHostAgent.runs(folder)) {
            status = Status.RUNNING;
        } else if (configuration == null && status == Status.STOPPED) {
            status = Status.BROKEN;
        }
        var config = configuration == null ? null : configuration.config();
        if (port == 0) {
            int configured = config == null ? 0 : config.ssh().localPort();
            port = configured != 0 ? configured : content.port();
        }
        return new Instance(
                folder.name(),
                status,
                folder.path(),
                config,
                configuration == null ? Map.of() : configuration.tree(),
                config == null ? "" : MachinePlan.vmType(config, platform.drivers()),
                config == null ? Arch.host() : config.arch(),
                port,
                agent == null ? 0 : ProcessHandle.current().pid(),
                machine == null ? 0 : machine.identity().pid(),
                content.isProtected(),
                content.version(),
                errors,
                activity);
    }

    @Override
    public Instance create(String name, String yaml, String source, HostEnvironment caller, Progress progress) {
        InstanceName.check(name, home.path());
        if (!inCreation.add(name)) {
            throw new LimaException("instance `" + name + "` is being created by another command");
        }
        try {
            InstanceFolder folder = home.instance(name);
            if (folder.exists()) {
                throw new LimaException(
                        "instance `" + name + "` already exists",
                        "Start it with `limactl start " + name + "`, or choose another name with --name");
            }
            Configuration configuration = platform.configurations().resolve(folder, yaml, source, caller);
            configuration.warnings().forEach(progress::warn);
            // Everything that can be refused is refused before anything is made; the port is chosen at the start.
            MachinePlan.of(folder, configuration.config(), configuration.facts(), platform.drivers(), 0, caller);
            CachedImage image = platform.images()
                    .fetch(
                            configuration.config().images(),
                            configuration.config().arch(),
                            caller,
                            progress);
            folder.create(yaml, home.limaVersion());
            try {
                new InstanceDisks(folder.path(), caller)
                        .create(image, configuration.config().disk(), progress);
            } catch (RuntimeException | InterruptedException e) {
                folder.delete();
                throw e;
            }
            return look(folder);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new LimaException("the creation of `" + name + "` was cancelled; nothing was left behind");
        } finally {
            inCreation.remove(name);
        }
    }

    @Override
    public Resolved check(String yaml, String source, HostEnvironment caller) {
        InstanceFolder nowhere = new InstanceFolder(String.valueOf(home.path().getFileName()), home.path());
        Configuration configuration = platform.configurations().resolve(nowhere, yaml, source, caller);
        return new Resolved(configuration.config(), configuration.tree(), configuration.warnings());
    }

    @Override
    public void configure(String name, String yaml, HostEnvironment caller, Progress progress) {
        LiveInstance instance = existing(name);
        LimaHostAgent.refuse(instance.folder);
        Configuration next = platform.configurations()
                .resolve(instance.folder, yaml, instance.folder.limaYaml().toString(), caller);
        next.warnings().forEach(progress::warn);
        refuseSmallerDisk(instance.folder, next, caller);
        MachinePlan.of(instance.folder, next.config(), next.facts(), platform.drivers(), 0, caller);
        instance.lock.lock();
        try {
            if (instance.status() != Status.STOPPED) {
                throw new LimaException(
                        "cannot edit a running instance", "Stop it first: limactl stop " + instance.folder.name());
            }
            instance.folder.write("lima.yaml", yaml, "rw-r--r--");
        } finally {
            instance.lock.unlock();
        }
    }

    /** A disk only grows; a configuration that cannot be read yet has no size to keep to. */
    private void refuseSmallerDisk(InstanceFolder folder, Configuration next, HostEnvironment caller) {
        long before;
        try {
            before = platform.configurations().read(folder, caller).config().disk();
        } catch (LimaException e) {
            return;
        }
        if (next.config().disk() < before) {
            throw new LimaException(
                    "field `disk`: shrinking the disk (" + before + " --> "
                            + next.config().disk() + " bytes) is not supported",
                    "Give at least the size that it has");
        }
    }

    private LiveInstance existing(String name) {
        if (home.instances().stream().noneMatch(folder -> folder.name().equals(name))) {
            throw new LimaException("instance `" + name + "` does not exist", "`limactl list` shows all instances");
        }
        refuseUnfinished(name);
        return of(name);
    }

    /** Between its directory and its disk, an instance is nobody's but its creator's. */
    private void refuseUnfinished(String name) {
        if (inCreation.contains(name)) {
            throw new LimaException(
                    "instance `" + name + "` is being created by another command",
                    "Give the command again when it is there");
        }
    }

    @Override
    public void start(String name, Duration timeout, HostEnvironment caller, Progress progress)
            throws InterruptedException {
        LiveInstance instance = existing(name);
        LimaHostAgent.refuse(instance.folder);
        StartJob job;
        instance.lock.lock();
        try {
            if (instance.stoppers > 0) {
                throw new LimaException(
                        "instance `" + name + "` is being stopped", "Give the command again when it has stopped");
            }
            if (instance.orphaned) {
                throw new LimaException(
                        "the machine of instance `" + name + "` runs, but the driver for it is gone",
                        "Install the driver again (limactl console), then everything is as before");
            }
            if (instance.ready && instance.machine != null) {
                return;
            }
            job = instance.job;
            if (job == null) {
                job = new StartJob(name, j -> start(instance, caller, j));
                instance.job = job;
                // Before it begins, so that its first words are heard.
                job.watch(progress);
                job.begin();
            } else {
                progress.info("Another command is starting `" + name + "` already; joining it at: " + job.step());
            }
        } finally {
            instance.lock.unlock();
        }
        job.await(progress, timeout);
    }

    private void goOn(LiveInstance instance) {
        HostEnvironment daemon = HostEnvironment.ofThisProcess();
        instance.lock.lock();
        try {
            if (instance.job == null && instance.machine != null && instance.stoppers == 0) {
                StartJob job = new StartJob(instance.folder.name(), j -> start(instance, daemon, j));
                job.launched();
                instance.job = job;
                job.begin();
            }
        } finally {
            instance.lock.unlock();
        }
    }

    private void start(LiveInstance instance, HostEnvironment caller, StartJob job) throws Exception {
        try {
            platform.announce(instance);
            new StartSequence(instance, platform, this::isBusy, caller, job).run();
        } finally {
            instance.lock.lock();
            try {
                instance.job = null;
            } finally {
                instance.lock.unlock();
            }
            platform.announce(instance);
        }
    }

    @Override
    public void stop(String name, boolean force, Progress progress) throws InterruptedException {
        LiveInstance instance = existing(name);
        LimaHostAgent.refuse(instance.folder);
        enterStopping(instance, force);
        try {
            if (!end(instance, force, progress) && !force) {
                throw new LimaException("expected status `Running`, got `Stopped`", "There is nothing to stop");
            }
        } finally {
            leaveStopping(instance);
        }
    }

    private static void enterStopping(LiveInstance instance, boolean force) {
        instance.lock.lock();
        try {
            if (instance.stoppers > 0 && !force) {
                throw new LimaException(
                        "instance `" + instance.folder.name() + "` is being stopped by another command",
                        "Wait for it, or use --force");
            }
            instance.stoppers++;
        } finally {
            instance.lock.unlock();
        }
    }

    private void leaveStopping(LiveInstance instance) {
        instance.lock.lock();
        try {
            instance.stoppers--;
        } finally {
            instance.lock.unlock();
        }
        platform.announce(instance);
    }

    /**
     * Gives up a start under way and ends the machine.
     *
     * @return false when there was neither
     */
    private boolean end(LiveInstance instance, boolean force, Progress progress) throws InterruptedException {
        String name = instance.folder.name();
        StartJob job;
        instance.lock.lock();
        try {
            job = instance.job;
        } finally {
            instance.lock.unlock();
        }
        Optional<Machine> machine = platform.machine(instance);
        if (instance.isOrphaned()) {
            throw new LimaException(
                    "the machine of instance `" + name + "` runs, but the driver for it is gone",
                    "Install the driver again (limactl console), then give the command again");
        }
        if (job == null && machine.isEmpty()) {
            return false;
        }
        platform.announce(instance);
        if (job != null) {
            job.cancel();
            machine = platform.machine(instance);
        }
        if (machine.isEmpty()) {
            return true;
        }
        if (force) {
            machine.get().kill();
        } else if (!machine.get().powerOff(GRACE)) {
            progress.warn("The guest of `" + name + "` did not power off within " + GRACE.toSeconds()
                    + " s, so its machine was ended");
        }
        platform.ended(instance, machine.get(), new Machine.Exit(true, ""));
        return true;
    }

    /** As long as Lima waits for a guest to power off. */
    private static final Duration GRACE = Duration.ofMinutes(3);

    @Override
    public boolean delete(String name, boolean force, Progress progress) throws InterruptedException {
        if (home.instances().stream().noneMatch(folder -> folder.name().equals(name))) {
            return false;
        }
        LiveInstance instance = existing(name);
        refuseProtected(instance);
        instance.lock.lock();
        try {
            if (!force && instance.status() != Status.STOPPED) {
                throw new LimaException(
                        "expected status `Stopped`, got `" + instance.status().word() + "`",
                        "Stop it first with `limactl stop " + name + "`, or use --force");
            }
            instance.stoppers++;
        } finally {
            instance.lock.unlock();
        }
        try {
            end(instance, true, progress);
            instance.folder.delete();
            live.remove(name, instance);
            files.forget(instance.folder);
        } finally {
            leaveStopping(instance);
        }
        return true;
    }

    private boolean isBusy(String name) {
        LiveInstance instance = live.get(name);
        if (instance == null) {
            return false;
        }
        if (LimaHostAgent.runs(instance.folder)) {
            return true;
        }
        instance.lock.lock();
        try {
            return instance.status() != Status.STOPPED;
        } finally {
            instance.lock.unlock();
        }
    }

    @Override
    public boolean protect(String name, boolean wanted) {
        InstanceFolder folder = existing(name).folder;
        boolean present = folder.isProtected();
        if (wanted && !present) {
            folder.write("protected", "", "r--------");
        } else if (!wanted) {
            folder.remove("protected");
        }
        return present != wanted;
    }

    @Override
    public void copy(String name, String newName, Progress progress) throws InterruptedException {
        reserved(name, newName, (from, to) -> new InstanceCopy(from, to, progress).run());
    }

    @Override
    public void rename(String name, String newName) throws InterruptedException {
        reserved(name, newName, (from, to) -> {
            home.disks().unlockAllOf(name);
            from.moveTo(to);
        });
        live.remove(name);
    }

    private interface Making {
        void make(InstanceFolder from, InstanceFolder to) throws InterruptedException;
    }

    /** Makes one instance of another that does not run, while nobody else does anything with either. */
    private void reserved(String name, String newName, Making making) throws InterruptedException {
        LiveInstance source = existing(name);
        LimaHostAgent.refuse(source.folder);
        InstanceName.check(newName, home.path());
        if (!inCreation.add(newName)) {
            throw new LimaException("instance `" + newName + "` is being created by another command");
        }
        try {
            if (Files.exists(home.path().resolve(newName))) {
                throw new LimaException("instance `" + newName + "` already exists", "Choose another name");
            }
            source.lock.lock();
            try {
                if (source.status() != Status.STOPPED) {
                    throw new LimaException(
                            "expected status `Stopped`, got `" + source.status().word() + "`",
                            "Stop it first with `limactl stop " + name + "`");
                }
                source.stoppers++;
            } finally {
                source.lock.unlock();
            }
            try {
                making.make(source.folder, home.instance(newName));
            } finally {
                leaveStopping(source);
            }
        } finally {
            inCreation.remove(newName);
        }
    }

    @Override
    public Snapshots snapshots(String name, HostEnvironment caller) {
        LiveInstance instance = existing(name);
        LimaHostAgent.refuse(instance.folder);
        Optional<Machine> machine = platform.machine(instance);
        if (machine.isEmpty()) {
            if (isBusy(name)) {
                throw new LimaException(
                        "instance `" + name + "` is neither running nor stopped now", "Give the command again later");
            }
            return new DiskSnapshots(instance.folder.path(), caller);
        }
        Snapshots running = machine.get()
                .as(Snapshots.class)
                .orElseThrow(() -> new LimaException(
                        "the hypervisor of instance `" + name + "` has no snapshots of a running machine",
                        "Stop it first with `limactl stop " + name + "`"));
        return new LiveSnapshots(running, () -> platform.dropConnection(instance));
    }

    private static void refuseProtected(LiveInstance instance) {
        LimaHostAgent.refuse(instance.folder);
        if (instance.folder.isProtected()) {
            throw new LimaException(
                    "instance is protected to prohibit accidental removal",
                    "Run `limactl unprotect " + instance.folder.name() + "` to allow it");
        }
    }

    @Override
    public void factoryReset(String name, Progress progress) throws InterruptedException {
        LiveInstance instance = existing(name);
        refuseProtected(instance);
        enterStopping(instance, true);
        try {
            end(instance, true, progress);
            instance.folder.reset();
        } finally {
            leaveStopping(instance);
        }
    }

    @Override
    public SshConnection connection(String name) throws InterruptedException {
        return platform.connection(existing(name));
    }

    @Override
    public void reconnect(String name) {
        platform.dropConnection(existing(name));
    }

    @Override
    public AutoCloseable watch(@Nullable String instance, Consumer<InstanceEvent> listener) {
        return platform.events().watch(event -> {
            if (instance == null || event.instance().equals(instance)) {
                listener.accept(event);
            }
        });
    }
}
