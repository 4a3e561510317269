// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.instance;

import io.jlima.api.Arch;
import io.jlima.api.HostEnvironment;
import io.jlima.api.LimaException;
import io.jlima.api.Progress;
import io.jlima.api.config.ConfigReader;
import io.jlima.api.config.InstanceConfig;
import io.jlima.api.instance.Instance.Status;
import io.jlima.api.instance.InstanceEvent;
import io.jlima.api.machine.Device;
import io.jlima.api.machine.Device.UserMode;
import io.jlima.api.machine.Hypervisor;
import io.jlima.api.machine.Machine;
import io.jlima.api.machine.MachineSpec;
import io.jlima.api.network.Network;
import io.jlima.api.ssh.SshConnection;
import io.jlima.api.ssh.SshConnector;
import io.jlima.api.ssh.SshProcess;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** A LIMA_HOME with instances whose hypervisor, network and guest are played by this class. */
final class Rig {
    static final Duration LONG = Duration.ofSeconds(Eventually.SECONDS);
    private static final long DISK = 1 << 20;

    final Path path;
    final HomeFolder home;
    final HostEnvironment caller;
    final Drivers drivers = new Drivers();
    final FakeHypervisor hypervisor = new FakeHypervisor();
    final FakeConnector connector = new FakeConnector();
    final List<InstanceEvent> events = new CopyOnWriteArrayList<>();
    private final List<InstancesService> services = new CopyOnWriteArrayList<>();

    Rig(Path path) {
        this.path = path;
        home = new HomeFolder(path, path, "0.1.0");
        caller = new HostEnvironment(
                Map.of("PATH", System.getenv("PATH"), "HOME", path.toString(), "XDG_CACHE_HOME", path + "/cache"),
                path,
                022);
        drivers.addNetwork(
                request -> new Network.NicPlan(
                        new Device.Nic(
                                request.interfaceName(),
                                request.macAddress(),
                                new UserMode(
                                        "192.168.5.0/24", "192.168.5.2", "192.168.5.3", "192.168.5.15", List.of())),
                        Optional.of(new Network.Addresses("192.168.5.15", "192.168.5.2", "192.168.5.3"))),
                Map.of(Network.NETWORK, "slirp"));
    }

    /** An instance that has its disk. The text is read by {@link #resolve}. */
    InstanceFolder instance(String name, String yaml) throws IOException {
        InstanceFolder folder = home.instance(name);
        folder.create(yaml, home.limaVersion());
        try (RandomAccessFile disk =
                new RandomAccessFile(folder.file("diffdisk").toFile(), "rw")) {
            disk.setLength(DISK);
        }
        return folder;
    }

    void install() {
        drivers.addHypervisor(hypervisor, Map.of(Hypervisor.VM_TYPE, "fake"));
    }

    /** A daemon's service; it is let go of at the end. */
    InstancesService service() {
        InstancesService service = new InstancesService(home, drivers, new Reader(), connector);
        services.add(service);
        service.watch(null, events::add);
        return service;
    }

    List<Status> statuses(String name) {
        return events.stream()
                .filter(e -> e.instance().equals(name))
                .filter(InstanceEvent.StatusChanged.class::isInstance)
                .map(e -> ((InstanceEvent.StatusChanged) e).status())
                .toList();
    }

    /** Starts on a thread of its own. */
    Starting starting(InstancesService service, String name, Recorded progress) {
        return new Starting(service, name, progress, caller);
    }

    /** Ends all starts and machines, so that nobody writes here any more. */
    void close() throws InterruptedException {
        for (InstancesService service : services) {
            for (InstanceFolder folder : home.instances()) {
                try {
                    service.stop(folder.name(), true, Progress.SILENT);
                } finally {
                    hypervisor.running.remove(folder.name());
                }
            }
            service.release();
        }
    }

    static final class Starting {
        final Thread thread;
        private volatile @Nullable Throwable outcome;

        Starting(InstancesService service, String name, Recorded progress, HostEnvironment caller) {
            thread = Thread.ofPlatform().start(() -> {
                try {
                    service.start(name, LONG, caller, progress);
                } catch (Throwable e) {
                    outcome = e;
                }
            });
        }

        @Nullable
        Throwable outcome() throws InterruptedException {
            Eventually.ends(thread);
            return outcome;
        }
    }

    static InstanceConfig config(
            String vmType, int port, List<InstanceConfig.Mount> mounts, @Nullable String mountType) {
        return config(vmType, port, mounts, mountType, false);
    }

    static InstanceConfig config(
            String vmType,
            int port,
            List<InstanceConfig.Mount> mounts,
            @Nullable String mountType,
            boolean mountInotify) {
        return config(vmType, port, mounts, mountType, List.of(), mountInotify);
    }

    static InstanceConfig config(
            String vmType,
            int port,
            List<InstanceConfig.Mount> mounts,
            @Nullable String mountType,
            List<String> mountTypesUnsupported,
            boolean mountInotify) {
        return new InstanceConfig(
                vmType,
                Map.of(),
                "Linux",
                Arch.X86_64,
                List.of(),
                1,
                1 << 30,
                DISK,
                List.of(),
                mounts,
                mountType,
                mountTypesUnsupported,
                mountInotify,
                new InstanceConfig.Ssh(port, false, false, false, false, null),
                new InstanceConfig.Firmware(false, List.of()),
                new InstanceConfig.Audio("", ""),
                new InstanceConfig.Video("none", null),
                List.of(),
                false,
                new InstanceConfig.Containerd(false, false, List.of()),
                "/usr/local",
                List.of(),
                List.of(),
                List.of(),
                "",
                List.of(),
                Map.of(),
                Map.of(),
                List.of(),
                new InstanceConfig.HostResolver(true, false, Map.of()),
                true,
                new InstanceConfig.CaCerts(false, List.of(), List.of()),
                false,
                "",
                false,
                new InstanceConfig.User("jane", "", 1000, "/home/jane.guest", "/bin/sh", true),
                false,
                Map.of());
    }

    static InstanceConfig.Mount mount(String location) {
        return mount(location, location, false);
    }

    static InstanceConfig.Mount mount(String location, String mountPoint, boolean writable) {
        return new InstanceConfig.Mount(
                location,
                mountPoint,
                writable,
                new InstanceConfig.Mount.Sshfs(true, false, ""),
                new InstanceConfig.Mount.NineP("mapped-xattr", "9p2000.L", 131072, "fscache"),
                null);
    }

    /**
     * Knows the texts {@code invalid}, {@code crash}, {@code mounts} and {@code port N}. In all others it sees mounts as
     * {@link MountsText} writes them, and {@code mountType}.
     */
    static class Reader implements ConfigReader {
        private static final Pattern MOUNT = Pattern.compile(
                "^- \\{location: \"(.*?)\"(?:, mountPoint: \"(.*?)\")?(, writable: true)?}$", Pattern.MULTILINE);
        private static final Pattern TYPE = Pattern.compile("^mountType: ([a-z0-9-]+)", Pattern.MULTILINE);
        private static final Pattern UNSUPPORTED =
                Pattern.compile("^mountTypesUnsupported: \\[(.*)]", Pattern.MULTILINE);

        @Override
        public Template locate(String locator, TemplateSearch search, Embed embed) {
            throw new UnsupportedOperationException(locator);
        }

        @Override
        public Template embed(String text, String source, TemplateSearch search, Embed embed) {
            throw new UnsupportedOperationException(source);
        }

        @Override
        public String url(String locator, TemplateSearch search) {
            throw new UnsupportedOperationException(locator);
        }

        @Override
        public Map<String, @Nullable Object> parse(String text, String source) {
            throw new UnsupportedOperationException(source);
        }

        @Override
        public String rewrite(String text, String source, Map<String, ? extends @Nullable Object> tree) {
            throw new UnsupportedOperationException(source);
        }

        @Override
        public String write(@Nullable Object tree) {
            throw new UnsupportedOperationException(String.valueOf(tree));
        }

        @Override
        public Map<String, Object> schema() {
            throw new UnsupportedOperationException();
        }

        @Override
        public List<String> templateNames(TemplateSearch search) {
            return List.of();
        }

        @Override
        public Resolved resolve(String text, String source, Facts facts) {
            if (text.equals("invalid")) {
                throw new LimaException(source + ":1:1: not a mapping");
            }
            if (text.equals("crash")) {
                throw new IllegalStateException("a fault of the reader");
            }
            int port = text.startsWith("port ") ? Integer.parseInt(text.substring(5)) : 0;
            List<InstanceConfig.Mount> mounts = text.equals("mounts")
                    ? List.of(mount("/tmp"))
                    : MOUNT
                            .matcher(text)
                            .results()
                            .map(m ->
                                    mount(m.group(1), m.group(2) == null ? m.group(1) : m.group(2), m.group(3) != null))
                            .collect(Collectors.toMap(
                                    InstanceConfig.Mount::mountPoint,
                                    m -> m,
                                    (earlier, later) -> earlier,
                                    LinkedHashMap::new))
                            .sequencedValues()
                            .stream()
                            .toList();
            Matcher type = TYPE.matcher(text);
            Matcher unsupported = UNSUPPORTED.matcher(text);
            InstanceConfig config = config(
                    "fake",
                    port,
                    mounts,
                    type.find() ? type.group(1) : null,
                    unsupported.find() ? List.of(unsupported.group(1).split(", ")) : List.of(),
                    false);
            return new Resolved(config, Map.of("cpus", 1), List.of());
        }
    }

    /** A machine whose process is this object. */
    static final class FakeMachine implements Machine {
        final CompletableFuture<Exit> exited = new CompletableFuture<>();
        final CountDownLatch asked = new CountDownLatch(1);
        final Listener listener;
        private final ProcessIdentity identity;
        volatile boolean stubborn;
        volatile boolean released;
        volatile boolean killed;
        volatile @Nullable Duration grace;

        FakeMachine(long pid, Listener listener) {
            identity = new ProcessIdentity(pid, pid * 7);
            this.listener = listener;
        }

        @Override
        public ProcessIdentity identity() {
            return identity;
        }

        @Override
        public String accelerator() {
            return "none";
        }

        @Override
        public CompletionStage<Exit> exited() {
            return exited;
        }

        @Override
        public boolean powerOff(Duration grace) throws InterruptedException {
            this.grace = grace;
            asked.countDown();
            if (!stubborn) {
                exited.complete(new Exit(true, ""));
            }
            try {
                exited.get();
            } catch (java.util.concurrent.ExecutionException e) {
                throw new IllegalStateException(e);
            }
            return !killed;
        }

        @Override
        public void kill() {
            killed = true;
            exited.complete(new Exit(true, ""));
        }

        @Override
        public void release() {
            released = true;
        }
    }

    /** Starts machines that live in this object, so that a second daemon finds them. */
    static final class FakeHypervisor implements Hypervisor {
        final List<FakeMachine> machines = new CopyOnWriteArrayList<>();
        final CountDownLatch asked = new CountDownLatch(1);
        final CountDownLatch gate = new CountDownLatch(1);
        final CountDownLatch lingering = new CountDownLatch(1);
        private final AtomicInteger pids = new AtomicInteger(1000);
        volatile Behaviour behaviour = Behaviour.STARTS;
        volatile @Nullable RuntimeException refusal;
        volatile @Nullable MachineSpec spec;
        final Map<String, FakeMachine> running = new java.util.concurrent.ConcurrentHashMap<>();
        volatile boolean adoptThrows;

        enum Behaviour {
            STARTS,
            /** Until interrupted or the gate opens. */
            WAITS,
            /** Until interrupted, and then until the gate opens. */
            LINGERS,
            /** The machine is gone before anybody looks. */
            DIES
        }

        FakeMachine last() {
            return machines.getLast();
        }

        @Override
        public Info info() {
            return new Info("fake", Set.of(Arch.X86_64), Set.of("qcow2", "raw"), List.of("9p", "virtiofs"), Set.of());
        }

        @Override
        public Optional<String> objection(Device device) {
            return Optional.empty();
        }

        @Override
        public void validate(MachineSpec spec, HostEnvironment caller) {}

        @Override
        public Machine start(MachineSpec spec, HostEnvironment caller, Machine.Listener listener, Progress progress) {
            this.spec = spec;
            RuntimeException reason = refusal;
            // Before anybody who waits for this call changes it.
            Behaviour now = behaviour;
            asked.countDown();
            if (reason != null) {
                throw reason;
            }
            if (now == Behaviour.WAITS) {
                try {
                    gate.await();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    throw new LimaException("the start of the process was interrupted");
                }
            }
            if (now == Behaviour.LINGERS) {
                try {
                    new CountDownLatch(1).await();
                } catch (InterruptedException e) {
                    lingering.countDown();
                    awaitGate();
                    throw new LimaException("the start of the process was interrupted");
                }
            }
            FakeMachine machine = new FakeMachine(pids.incrementAndGet(), listener);
            machines.add(machine);
            running.put(spec.instance(), machine);
            machine.exited.whenComplete((exit, e) -> running.remove(spec.instance()));
            if (now == Behaviour.DIES) {
                machine.exited.complete(new Machine.Exit(false, "qemu: out of luck"));
            }
            return machine;
        }

        private void awaitGate() {
            try {
                Eventually.happens(gate, "the opening of the gate");
            } catch (InterruptedException e) {
                throw new IllegalStateException("interrupted twice", e);
            }
        }

        @Override
        public Optional<Machine> adopt(String instance, Path directory, Machine.Listener listener) {
            if (adoptThrows) {
                throw new IllegalStateException("a fault of the driver");
            }
            return Optional.ofNullable(running.get(instance));
        }
    }

    /** Guests that greet when {@link #boot} is called. */
    static final class FakeConnector implements SshConnector {
        private static final String KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\n"
                + "b3BlbnNzaC1rZXktdjEAAAAABG5vbmU=\n"
                + "-----END OPENSSH PRIVATE KEY-----\n";

        private final CountDownLatch booted = new CountDownLatch(1);
        final CountDownLatch waiting = new CountDownLatch(1);
        final List<FakeConnection> connections = new CopyOnWriteArrayList<>();
        volatile @Nullable LimaException refusal;
        volatile @Nullable Runnable whileConnecting;

        void boot() {
            booted.countDown();
        }

        @Override
        public String userKey(Path configDirectory) {
            return "ssh-ed25519 AAAAuser jane@host";
        }

        @Override
        public HostKey newHostKey(String comment) {
            return new HostKey(KEY, "ssh-ed25519 AAAAhost " + comment);
        }

        @Override
        public void awaitBanner(String host, int port, Duration timeout) throws InterruptedException {
            waiting.countDown();
            booted.await();
        }

        @Override
        public SshConnection connect(Target target, Duration timeout) {
            LimaException reason = refusal;
            if (reason != null) {
                throw reason;
            }
            FakeConnection connection = new FakeConnection(target);
            connections.add(connection);
            Runnable also = whileConnecting;
            if (also != null) {
                also.run();
            }
            return connection;
        }
    }

    static class FakeConnection implements SshConnection {
        final SshConnector.Target target;
        final List<String> commands = new CopyOnWriteArrayList<>();
        private final CompletableFuture<Void> closed = new CompletableFuture<>();

        FakeConnection(SshConnector.Target target) {
            this.target = target;
        }

        @Override
        public boolean isOpen() {
            return !closed.isDone();
        }

        @Override
        public CompletionStage<Void> closed() {
            return closed;
        }

        @Override
        public Result run(String command, String stdin, Duration timeout) {
            commands.add(command);
            return new Result(0, "", "");
        }

        @Override
        public SshProcess start(String command, @Nullable Terminal terminal, Map<String, String> variables) {
            throw new UnsupportedOperationException(command);
        }

        @Override
        public void close() {
            closed.complete(null);
        }
    }
}
