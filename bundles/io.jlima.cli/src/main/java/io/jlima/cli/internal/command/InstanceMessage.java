// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.command;

import io.jlima.api.LimaException;
import io.jlima.api.config.InstanceConfig;
import io.jlima.api.instance.Instance;
import io.jlima.cli.internal.template.GoTemplate;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What {@code message:} of lima.yaml says about an instance. */
final class InstanceMessage {
    private InstanceMessage() {}

    /** The text with its fields filled in, without its last line end; empty when there is none. */
    static String of(Instance instance) {
        InstanceConfig config = instance.config();
        if (config == null || config.message().isBlank()) {
            return "";
        }
        String text = config.message();
        Map<String, @Nullable Object> fields = new LinkedHashMap<>();
        fields.put("Name", instance.name());
        fields.put("Hostname", instance.hostname());
        fields.put("Dir", instance.directory().toString());
        fields.put("SSHLocalPort", (long) instance.sshPort());
        fields.put("SSHConfigFile", instance.directory().resolve("ssh.config").toString());
        fields.put("Config", instance.tree());
        fields.put("Param", config.param());
        fields.put("VMType", instance.vmType());
        fields.put("Arch", instance.arch().word());
        fields.put("Instance", Map.copyOf(fields));
        try {
            return GoTemplate.parse(text).evaluate(fields, instance.tree()).stripTrailing();
        } catch (LimaException e) {
            return text.stripTrailing() + "\n(" + e.what() + ")";
        }
    }
}
