// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.command;

import io.jlima.api.Arch;
import io.jlima.api.config.InstanceConfig;
import io.jlima.api.instance.Instance;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** An instance as JSON, with the keys and in the order that readers of {@code limactl list --json} know. */
final class InstanceJson {
    private InstanceJson() {}

    static Map<String, Object> of(Instance instance) {
        InstanceConfig config = instance.config();
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("name", instance.name());
        json.put("hostname", instance.hostname());
        json.put("status", instance.status().word());
        json.put("dir", instance.directory().toString());
        json.put("vmType", instance.vmType());
        json.put("arch", instance.arch().word());
        if (config != null) {
            json.put("cpus", config.cpus());
            json.put("memory", config.memory());
            json.put("disk", config.disk());
            list(json, "network", instance.tree().get("networks"));
        }
        number(json, "sshLocalPort", instance.sshPort());
        json.put("sshConfigFile", instance.directory().resolve("ssh.config").toString());
        number(json, "hostAgentPID", instance.hostAgentPid());
        number(json, "driverPID", instance.driverPid());
        list(json, "errors", instance.errors());
        if (!instance.tree().isEmpty()) {
            json.put("config", instance.tree());
        }
        json.put("sshAddress", "127.0.0.1");
        json.put("protected", instance.isProtected());
        json.put("limaVersion", instance.limaVersion());
        if (config != null && !config.param().isEmpty()) {
            json.put("param", config.param());
        }
        json.put("HostOS", System.getProperty("os.name", "").startsWith("Mac") ? "darwin" : "linux");
        json.put("HostArch", Arch.host().word());
        json.put("LimaHome", instance.directory().resolveSibling("").toString());
        json.put(
                "IdentityFile",
                instance.directory().resolveSibling("_config/user").toString());
        return json;
    }

    private static void number(Map<String, Object> json, String key, long value) {
        if (value != 0) {
            json.put(key, value);
        }
    }

    private static void list(Map<String, Object> json, String key, @org.jspecify.annotations.Nullable Object value) {
        if (value instanceof List<?> list && !list.isEmpty()) {
            json.put(key, list);
        }
    }
}
