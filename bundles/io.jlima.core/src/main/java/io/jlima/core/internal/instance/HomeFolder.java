// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.instance;

import io.jlima.api.HostEnvironment;
import io.jlima.core.internal.disk.DataDisks;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.osgi.framework.BundleContext;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;

/** LIMA_HOME, and the installation that serves it. */
@Component(service = HomeFolder.class)
public final class HomeFolder {
    private final Path home;
    private final Path prefix;
    private final String version;
    private final DataDisks disks;
    private volatile @Nullable Listing listing;

    /** What lay in LIMA_HOME when its directory had this stamp. */
    private record Listing(FileStamp stamp, List<InstanceFolder> instances) {}

    @Activate
    public HomeFolder(BundleContext context) {
        this(
                Path.of(property(context, "jlima.home")),
                Path.of(property(context, "jlima.prefix")),
                property(context, "jlima.version"));
    }

    HomeFolder(Path home, Path prefix, String version) {
        this.home = home;
        this.prefix = prefix;
        this.version = version;
        this.disks = new DataDisks(home.resolve("_disks"));
    }

    private static String property(BundleContext context, String name) {
        String value = context.getProperty(name);
        if (value == null) {
            throw new IllegalStateException("the framework property " + name + " is not set");
        }
        return value;
    }

    Path path() {
        return home;
    }

    Path config() {
        return home.resolve("_config");
    }

    DataDisks disks() {
        return disks;
    }

    /** Version that goes into {@code lima-version}: the Lima release we stand in for, marked as ours. */
    String limaVersion() {
        return "2.2.0+jlima." + version.split("[-+ ]", 2)[0];
    }

    InstanceFolder instance(String name) {
        return new InstanceFolder(name, home.resolve(name));
    }

    /**
     * Every directory that can be an instance: no link, and no name with a leading dot or underscore. Read again only
     * when an entry was added or removed.
     */
    List<InstanceFolder> instances() {
        FileStamp stamp = FileStamp.of(home);
        Listing before = listing;
        if (before != null && before.stamp().equals(stamp)) {
            return before.instances();
        }
        long readAt = System.currentTimeMillis();
        List<InstanceFolder> found = list();
        listing = stamp.isSettled(readAt) ? new Listing(stamp, found) : null;
        return found;
    }

    private List<InstanceFolder> list() {
        if (!Files.isDirectory(home)) {
            return List.of();
        }
        try (Stream<Path> entries = Files.list(home)) {
            return entries.filter(e -> Files.isDirectory(e, LinkOption.NOFOLLOW_LINKS))
                    .map(e -> e.getFileName().toString())
                    .filter(n -> !n.startsWith(".") && !n.startsWith("_"))
                    .sorted()
                    .map(this::instance)
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    List<Path> templateDirectories(HostEnvironment caller) {
        return caller.variable("LIMA_TEMPLATES_PATH")
                .map(path -> Arrays.stream(path.split(":"))
                        .filter(p -> !p.isEmpty())
                        .map(caller::resolve)
                        .toList())
                .orElseGet(() -> new ArrayList<>(List.of(home.resolve("_templates"), prefix.resolve("templates"))));
    }
}
