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

    private record Known(Path yaml, FileStamp directory, FileStamp text, Defaults defaults, Content content) {}

    Defaults defaults() {
        return new Defaults(List.of(
                FileStamp.of(home.config().resolve("default.yaml")),
                FileStamp.of(home.config().resolve("override.yaml"))));
    }

    /**
     * All files of interest beside lima.yaml are made by a rename, or it is their being there that counts: the stamp of
     * the directory tells.
     *
     * @param defaults of this moment
     */
    Content of(InstanceFolder folder, Defaults defaults) {
        Known before = known.get(folder.name());
        Path yaml = before != null ? before.yaml() : folder.limaYaml();
        FileStamp directory = FileStamp.of(folder.path());
        FileStamp text = FileStamp.of(yaml);
        if (before != null
                && before.directory().equals(directory)
                && before.text().equals(text)
                && before.defaults().equals(defaults)) {
            return before.content();
        }
        long readAt = clock.millis();
        Content content = read(folder);
        if (directory.isSettled(readAt)
                && text.isSettled(readAt)
                && defaults.stamps().stream().allMatch(s -> s.isSettled(readAt))) {
            known.put(folder.name(), new Known(yaml, directory, text, defaults, content));
        } else {
            known.remove(folder.name());
        }
        return content;
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
