// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.instance;

import io.jlima.api.HostEnvironment;
import io.jlima.api.LimaException;
import io.jlima.api.config.ConfigReader;
import io.jlima.api.config.ConfigReader.Facts;
import io.jlima.api.config.ConfigReader.Resolved;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Reads lima.yaml files, again only when something they are made of has changed. Thread-safe. */
final class Configurations {
    private final ConfigReader reader;
    private final HostFacts hostFacts;
    private final HomeFolder home;
    private final Map<String, Known> known = new ConcurrentHashMap<>();

    Configurations(ConfigReader reader, HostFacts hostFacts, HomeFolder home) {
        this.reader = reader;
        this.hostFacts = hostFacts;
        this.home = home;
    }

    private record Known(List<Object> stamp, Configuration configuration) {}

    /**
     * The configuration of an existing instance.
     *
     * @throws LimaException when it cannot be used
     */
    Configuration read(InstanceFolder folder, HostEnvironment caller) {
        List<Object> stamp = List.of(
                FileStamp.of(folder.limaYaml()),
                FileStamp.of(home.config().resolve("default.yaml")),
                FileStamp.of(home.config().resolve("override.yaml")),
                FileStamp.of(folder.file("lima-version")),
                folder.hasLived(),
                caller.home());
        Known before = known.get(folder.name());
        if (before != null && before.stamp().equals(stamp)) {
            return before.configuration();
        }
        String text;
        try {
            text = Files.readString(folder.limaYaml());
        } catch (NoSuchFileException e) {
            throw new LimaException(
                    "instance `" + folder.name() + "` has no lima.yaml",
                    "Put it back, or remove the directory " + folder.path());
        } catch (IOException e) {
            throw new LimaException("cannot read " + folder.limaYaml(), e);
        }
        Configuration configuration = resolve(folder, text, folder.limaYaml().toString(), caller);
        known.put(folder.name(), new Known(stamp, configuration));
        return configuration;
    }

    /** The configuration that a text would make for an instance, which need not exist. */
    Configuration resolve(InstanceFolder folder, String text, String source, HostEnvironment caller) {
        Facts facts = hostFacts.of(folder, caller);
        Resolved resolved = reader.resolve(text, source, facts);
        return new Configuration(resolved.config(), resolved.tree(), resolved.warnings(), facts);
    }
}
