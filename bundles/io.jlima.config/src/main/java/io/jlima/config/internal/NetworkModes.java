// SPDX-License-Identifier: Apache-2.0
package io.jlima.config.internal;

import io.jlima.config.internal.template.TextFile;
import io.jlima.config.internal.yaml.Findings;
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
    static Map<String, String> read(Path configDirectory, Findings findings) {
        Path file = configDirectory.resolve("networks.yaml");
        Map<String, String> modes = new LinkedHashMap<>();
        if (!Files.exists(file)) {
            for (String name : new String[] {"user-v2", "shared", "bridged", "host"}) {
                modes.put(name, name);
            }
            return modes;
        }
        Mapping document = YamlText.read(TextFile.read(file), file.toString());
        Mapping paths = document.section("paths");
        for (String key : new String[] {"vdeSwitch", "vdeVMNet"}) {
            if (paths.has(key)) {
                findings.warn(
                        paths.keyMark(key),
                        "paths." + key + " is an old key and is ignored; socket_vmnet took its place");
            }
        }
        Mapping networks = document.section("networks");
        networks.entries().keySet().forEach(name -> {
            String mode = networks.section(name).text("mode");
            modes.put(name, mode == null ? "" : mode);
        });
        // It is always there, as files written before it existed lack it.
        modes.putIfAbsent("user-v2", "user-v2");
        return modes;
    }
}
