// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.instance;

import io.jlima.api.HostEnvironment;
import io.jlima.api.LimaException;
import io.jlima.api.Progress;
import io.jlima.api.config.ConfigReader;
import io.jlima.api.config.ConfigReader.Resolved;
import io.jlima.api.config.InstanceConfig;
import io.jlima.api.instance.Instance;
import io.jlima.api.instance.Instance.MountChoice;
import io.jlima.api.instance.Instance.Status;
import io.jlima.api.instance.InstanceEvent;
import io.jlima.api.instance.Instances;
import io.jlima.api.machine.Machine;
import io.jlima.api.machine.Snapshots;
import io.jlima.api.ssh.SshConnection;
import io.jlima.api.ssh.SshConnector;
import io.jlima.core.internal.cidata.Cidata;
import io.jlima.core.internal.disk.DiskSnapshots;
import io.jlima.core.internal.image.Downloads;
import io.jlima.core.internal.image.Images;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Deactivate;
import org.osgi.service.component.annotations.Reference;

/** All instances of LIMA_HOME. */
@Component(service = {Instances.class, InstancesService.class})
public final class InstancesService implements Instances {
    private final HomeFolder home;
    private final Platform platform;
    private final LiveInstances instances;
    private final InstanceView view;
    private final Starts starts;
    private final Endings endings;
    private final Creations creations;
    private final Adoptions adoptions;

    @Activate
    public InstancesService(
            @Reference HomeFolder home,
            @Reference Drivers drivers,
            @Reference ConfigReader reader,
            @Reference SshConnector connector) {
        this.home = home;
        Configurations configurations = new Configurations(reader, new HostFacts(home), home);
        GuestAccess access = new GuestAccess(home, connector);
        platform = new Platform(
                home,
                drivers,
                configurations,
                new Images(new Downloads(), drivers::imageSource),
                new Cidata(InstantSource.system()),
                access,
                new GuestConnections(configurations, access, connector),
                new SshPorts(),
                new Events());
        InstanceFiles files = new InstanceFiles(home, configurations, platform.ports(), InstantSource.system());
        instances = new LiveInstances(home);
        view = new InstanceView(instances, platform, files);
        Custody custody = new Custody(platform);
        starts = new Starts(instances, platform, custody);
        endings = new Endings(instances, custody, files, platform.events());
        creations = new Creations(instances, platform, endings);
        adoptions = new Adoptions(home, drivers, instances, custody, starts);
    }

    /** The daemon ends: machines run on, and their files stay as they are for the next daemon. */
    @Deactivate
    void release() {
        adoptions.close();
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
        return view.list();
    }

    @Override
    public Optional<Instance> find(String name) {
        return view.find(name);
    }

    @Override
    public Instance create(String name, String yaml, String source, HostEnvironment caller, Progress progress) {
        creations.create(name, yaml, source, caller, progress);
        return view.look(home.instance(name));
    }

    @Override
    public void copy(String name, String newName, Progress progress) throws InterruptedException {
        creations.copy(name, newName, progress);
    }

    @Override
    public void rename(String name, String newName) throws InterruptedException {
        creations.rename(name, newName);
    }

    @Override
    public void start(String name, Duration timeout, HostEnvironment caller, Progress progress)
            throws InterruptedException {
        starts.start(name, timeout, caller, progress);
    }

    @Override
    public void stop(String name, boolean force, Progress progress) throws InterruptedException {
        endings.stop(name, force, progress);
    }

    @Override
    public boolean delete(String name, boolean force, Progress progress) throws InterruptedException {
        return endings.delete(name, force, progress);
    }

    @Override
    public void factoryReset(String name, Progress progress) throws InterruptedException {
        endings.factoryReset(name, progress);
    }

    @Override
    public Resolved check(String yaml, String source, HostEnvironment caller) {
        InstanceFolder nowhere = new InstanceFolder(String.valueOf(home.path().getFileName()), home.path());
        Configuration configuration = platform.configurations().resolve(nowhere, yaml, source, caller);
        return new Resolved(configuration.config(), configuration.tree(), configuration.warnings());
    }

    @Override
    public void configure(String name, String yaml, HostEnvironment caller, Progress progress) {
        LiveInstance instance = instances.existing(name);
        LimaHostAgent.refuse(instance.folder);
        Configuration next = resolved(instance.folder, yaml, caller);
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

    @Override
    public boolean protect(String name, boolean wanted) {
        InstanceFolder folder = instances.existing(name).folder;
        boolean present = folder.isProtected();
        if (wanted && !present) {
            folder.write("protected", "", "r--------");
        } else if (!wanted) {
            folder.remove("protected");
        }
        return present != wanted;
    }

    @Override
    public Snapshots snapshots(String name, HostEnvironment caller) {
        LiveInstance instance = instances.existing(name);
        LimaHostAgent.refuse(instance.folder);
        Optional<Machine> machine = instance.machine();
        if (machine.isEmpty()) {
            if (instances.isBusy(name)) {
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
        return new LiveSnapshots(running, () -> platform.connections().drop(instance));
    }

    @Override
    public SshConnection connection(String name) throws InterruptedException {
        return platform.connections().kept(instances.existing(name));
    }

    @Override
    public void reconnect(String name) {
        platform.connections().drop(instances.existing(name));
    }

    @Override
    public AutoCloseable watch(@Nullable String instance, Consumer<InstanceEvent> listener) {
        return platform.events().watch(event -> {
            if (instance == null || event.instance().equals(instance)) {
                listener.accept(event);
            }
        });
    }

    /** The guest of an instance that runs. */
    Optional<RunningGuest> guest(String name) {
        return instances.of(name).guest();
    }

    InstanceFolder folder(String name) {
        return home.instance(name);
    }

    /** The word of the mount driver in use. */
    String mountType(InstanceConfig config) {
        return MachinePlan.mountType(config, platform.drivers());
    }

    /** The mount driver that an instance would have. */
    MountChoice mountChoice(InstanceConfig config) {
        return MachinePlan.mountChoice(config, platform.drivers());
    }

    /** What a text would make of an instance. */
    Configuration resolved(InstanceFolder folder, String text, HostEnvironment caller) {
        return platform.configurations().resolve(folder, text, folder.limaYaml().toString(), caller);
    }
}
