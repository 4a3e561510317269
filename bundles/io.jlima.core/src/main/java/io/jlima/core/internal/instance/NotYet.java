// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.instance;

import io.jlima.api.LimaException;
import io.jlima.api.config.InstanceConfig;
import io.jlima.api.guest.FileReplay;
import io.jlima.api.mount.MountDriver;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** What a configuration asks for and no installed part does: said at each start rather than passed over in silence. */
final class NotYet {
    private NotYet() {}

    /** One line that names the fields without effect; empty when all have theirs. */
    static Optional<String> of(InstanceConfig config) {
        List<String> fields = new ArrayList<>();
        add(fields, config.containerd().user() || config.containerd().system(), "containerd");
        add(fields, !config.copyToHost().isEmpty(), "copyToHost");
        add(fields, !config.firmware().images().isEmpty(), "firmware.images");
        add(fields, config.tpm(), "tpm");
        return fields.isEmpty()
                ? Optional.empty()
                : Optional.of("This version has no part yet for: " + String.join(", ", fields)
                        + "; the instance starts without");
    }

    /** One line that names the mounts that {@code mountInotify} is asked for and does nothing in; empty if it does. */
    static Optional<String> unseen(InstanceConfig config, Drivers drivers) {
        if (!config.mountInotify() || config.plain() || config.mounts().isEmpty()) {
            return Optional.empty();
        }
        if (drivers.guestAgent().isEmpty()) {
            return Optional.of("mountInotify has no effect: no guest agent is installed");
        }
        MountDriver driver;
        try {
            driver = drivers.mountDriver(MachinePlan.mountType(config, drivers));
        } catch (LimaException e) {
            // Whoever needs the driver says that it is missing.
            return Optional.empty();
        }
        Map<String, List<String>> points = new LinkedHashMap<>();
        config.mounts().forEach(mount -> {
            FileReplay replay = driver.replay(mount);
            if (!replay.isPossible()) {
                points.computeIfAbsent(replay.objection(), words -> new ArrayList<>())
                        .add(mount.mountPoint());
            }
        });
        return points.isEmpty()
                ? Optional.empty()
                : Optional.of("mountInotify: watchers in the guest are not told of changes in "
                        + points.entrySet().stream()
                                .map(e -> String.join(", ", e.getValue()) + " (" + e.getKey() + ")")
                                .collect(Collectors.joining("; ")));
    }

    private static void add(List<String> fields, boolean asked, String field) {
        if (asked) {
            fields.add(field);
        }
    }
}
