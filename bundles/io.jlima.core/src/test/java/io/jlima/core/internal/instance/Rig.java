// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.instance;

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
import io.jlima.api.network.Network;
import io.jlima.testing.Configs;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
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
        return Configs.with(
                "vmType",
                vmType,
                "cpus",
                1,
                "memory",
                1L << 30,
                "disk",
                DISK,
                "mounts",
                mounts,
                "mountType",
                mountType,
                "mountTypesUnsupported",
                mountTypesUnsupported,
                "mountInotify",
                mountInotify,
                "ssh",
                new InstanceConfig.Ssh(port, false, false, false, false, null),
                "user",
                new InstanceConfig.User("jane", "", 1000, "/home/jane.guest", "/bin/sh", true));
    }

    static InstanceConfig.Mount mount(String location) {
        return mount(location, location, false);
    }

    static InstanceConfig.Mount mount(String location, String mountPoint, boolean writable) {
        return Configs.mount(location, mountPoint, writable);
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
}
