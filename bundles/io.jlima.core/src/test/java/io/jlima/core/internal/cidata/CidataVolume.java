// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.cidata;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.provider.Arguments;
import org.yaml.snakeyaml.Yaml;

/** The volume of an instance, as it is written to a directory and read back. */
abstract class CidataVolume {
    private static final InstantSource CLOCK = InstantSource.fixed(Instant.parse("2026-03-01T10:00:00Z"));

    @TempDir
    Path directory;

    final Fixture fixture = new Fixture();
    final Cidata cidata = new Cidata(CLOCK, new GuestEnvironment("localhost"::equals));

    static Arguments configuration(String name, Consumer<Fixture> change) {
        return Arguments.of(name, change);
    }

    Path extracted(Cidata.Volume volume) throws Exception {
        return Program.extract(volume.iso(), directory.resolve("extracted"));
    }

    static Map<String, Object> yaml(Path file) throws IOException {
        return new Yaml().load(Files.readString(file));
    }

    static List<?> list(Map<String, Object> tree, String key) {
        return (List<?>) tree.getOrDefault(key, List.of());
    }
}
