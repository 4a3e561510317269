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
        Instance.MountChoice mounts = instance.mountChoice();
        if (mounts != null) {
            json.put("mountType", mounts.mountType());
            json.put("mountTypeReason", mounts.reason());
        }
        json.put("arch", instance.arch().word());
        if (config != null) {
            json.put("cpus", config.cpus());
            json.put("memory", config.memory());
            json.put("disk", config.disk());
            String message = InstanceMessage.of(instance);
            if (!message.isEmpty()) {
                json.put("message", message);
            }
            list(json, "additionalDisks", instance.tree().get("additionalDisks"));
            list(json, "network", instance.tree().get("networks"));
        }
        number(json, "sshLocalPort", instance.sshPort());
        json.put("sshConfigFile", instance.directory().resolve("ssh.config").toString());
        number(json, "hostAgentPID", instance.hostAgentPid());
        number(json, "driverPID", instance.driverPid());
        list(json, "errors", instance.errors());
        if (!instance.tree().isEmpty()) {
            json.put("config", withoutEmpty(instance.tree()));
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

    /** As Lima writes it: what has nothing in it is left out, however deep. */
    private static Object withoutEmpty(Object tree) {
        return switch (tree) {
            case Map<?, ?> map -> {
                Map<Object, Object> kept = new LinkedHashMap<>();
                map.forEach((key, value) -> {
                    Object slim = value == null ? null : withoutEmpty(value);
                    if (slim != null && !(slim instanceof Map<?, ?> inner && inner.isEmpty())) {
                        kept.put(key, slim);
                    }
                });
                yield kept;
            }
            case List<?> list ->
                list.stream()
                        .filter(java.util.Objects::nonNull)
                        .map(InstanceJson::withoutEmpty)
                        .toList();
            default -> tree;
        };
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
