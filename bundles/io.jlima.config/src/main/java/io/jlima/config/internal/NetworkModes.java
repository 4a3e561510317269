// SPDX-License-Identifier: Apache-2.0
package io.jlima.config.internal;

import io.jlima.config.internal.template.TextFile;
import io.jlima.config.internal.yaml.Mapping;
import io.jlima.config.internal.yaml.YamlText;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** The networks that {@code _config/networks.yaml} defines. */
final class NetworkModes {
    private NetworkModes() {}

    /** Mode of each network by name; the ones that Lima brings when there is no file. */
    static Map<String, String> read(Path configDirectory) {
        Path file = configDirectory.resolve("networks.yaml");
        Map<String, String> modes = new LinkedHashMap<>();
        if (!Files.exists(file)) {
            for (String name : new String[] {"user-v2", "shared", "bridged", "host"}) {
                modes.put(name, name);
            }
            return modes;
        }
        Mapping networks = YamlText.read(TextFile.read(file), file.toString()).section("networks");
        networks.entries().keySet().forEach(name -> {
            String mode = networks.section(name).text("mode");
            modes.put(name, mode == null ? "" : mode);
        });
        // It is always there, as files written before it existed lack it.
        modes.putIfAbsent("user-v2", "user-v2");
        return modes;
    }
}
