// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.instance;

import io.jlima.api.HostEnvironment;
import io.jlima.api.LimaException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the files of each instance say, read again only when they have changed: a list of fifty instances must not take
 * longer than a list of one. Thread-safe.
 */
final class InstanceFiles {
    private static final Logger LOG = LoggerFactory.getLogger(InstanceFiles.class);

    private final HomeFolder home;
    private final Configurations configurations;
    private final SshPorts ports;
    private final InstantSource clock;
    private final Map<String, Known> known = new ConcurrentHashMap<>();

    InstanceFiles(HomeFolder home, Configurations configurations, SshPorts ports, InstantSource clock) {
        this.home = home;
        this.configurations = configurations;
        this.ports = ports;
        this.clock = clock;
    }

    /**
     * @param configuration null when it cannot be used
     * @param errors why it cannot
     * @param port of the last start, 0 when there was none
     * @param version content of {@code lima-version}
     * @param hasAgent whether some host agent has left its pid
     */
    record Content(
            @Nullable Configuration configuration,
            List<String> errors,
            int port,
            boolean isProtected,
            String version,
            boolean hasAgent) {}

    /** What a configuration takes from outside the directory of its instance. */
    record Defaults(List<FileStamp> stamps) {}

    private record Known(List<FileStamp> stamps, Defaults defaults, Content content) {}

    Defaults defaults() {
        return new Defaults(List.of(
                FileStamp.of(home.config().resolve("default.yaml")),
                FileStamp.of(home.config().resolve("override.yaml"))));
    }

    /** @param defaults of this moment */
    Content of(InstanceFolder folder, Defaults defaults) {
        List<FileStamp> stamps = stamps(folder);
        Known before = known.get(folder.name());
        if (before != null
                && before.stamps().equals(stamps)
                && before.defaults().equals(defaults)) {
            return before.content();
        }
        var readAt = clock.instant();
        Content content = read(folder);
        if (stamps.stream().allMatch(s -> s.isSettled(readAt))
                && defaults.stamps().stream().allMatch(s -> s.isSettled(readAt))) {
            known.put(folder.name(), new Known(stamps, defaults, content));
        } else {
            known.remove(folder.name());
        }
        return content;
    }

    /** All other files of interest are made by a rename or a link, which the directory's own stamp tells. */
    private static List<FileStamp> stamps(InstanceFolder folder) {
        Path directory = folder.path();
        return List.of(
                FileStamp.of(directory),
                FileStamp.of(directory.resolve("lima.yaml")),
                FileStamp.of(directory.resolve("lima-version")));
    }

    private Content read(InstanceFolder folder) {
        List<String> errors = new ArrayList<>();
        Configuration configuration = null;
        try {
            configuration = configurations.read(folder, HostEnvironment.ofThisProcess());
        } catch (LimaException e) {
            errors.add(e.getMessage());
        } catch (RuntimeException e) {
            // One file that its reader trips over must not hide all other instances.
            LOG.error("The configuration of {} cannot be read", folder.name(), e);
            errors.add("internal error while reading " + folder.limaYaml() + ": " + e);
        }
        return new Content(
                configuration,
                List.copyOf(errors),
                ports.last(folder),
                folder.isProtected(),
                folder.version(),
                Files.exists(folder.file("ha.pid")));
    }

    void forget(InstanceFolder folder) {
        known.remove(folder.name());
    }
}
