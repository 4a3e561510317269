// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.instance;

import io.jlima.api.config.InstanceConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

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
        add(fields, config.mountInotify(), "mountInotify");
        return fields.isEmpty()
                ? Optional.empty()
                : Optional.of("This version has no part yet for: " + String.join(", ", fields)
                        + "; the instance starts without");
    }

    private static void add(List<String> fields, boolean asked, String field) {
        if (asked) {
            fields.add(field);
        }
    }
}
