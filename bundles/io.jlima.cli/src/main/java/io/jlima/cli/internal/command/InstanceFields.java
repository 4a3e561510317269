// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.command;

import io.jlima.api.Arch;
import io.jlima.api.config.InstanceConfig;
import io.jlima.api.instance.Instance;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** An instance as the dot of a template: the names are those of the fields in Lima's program. */
final class InstanceFields {
    /** Work as fields, but are not listed: kept for old scripts. */
    private static final List<String> DEPRECATED = List.of("HostOS", "HostArch", "LimaHome", "IdentityFile");

    private InstanceFields() {}

    /** Names of all fields, sorted. */
    static List<String> names() {
        TreeSet<String> names = new TreeSet<>(List.of(
                "AdditionalDisks",
                "Arch",
                "AutoStartedIdentifier",
                "CPUs",
                "Config",
                "Dir",
                "Disk",
                "DriverPID",
                "Errors",
                "HostAgentPID",
                "Hostname",
                "LimaVersion",
                "Memory",
                "Message",
                "Name",
                "Networks",
                "Param",
                "Protected",
                "SSHAddress",
                "SSHConfigFile",
                "SSHLocalPort",
                "Status",
                "VMType"));
        return List.copyOf(names);
    }

    static Map<String, @Nullable Object> of(Instance instance) {
        InstanceConfig config = instance.config();
        Map<String, @Nullable Object> fields = new LinkedHashMap<>();
        fields.put("Name", instance.name());
        fields.put("Hostname", instance.hostname());
        fields.put("Status", instance.status().word());
        fields.put("Dir", instance.directory().toString());
        fields.put("VMType", instance.vmType());
        fields.put("Arch", instance.arch().word());
        fields.put("CPUs", config == null ? 0L : (long) config.cpus());
        fields.put("Memory", config == null ? 0L : config.memory());
        fields.put("Disk", config == null ? 0L : config.disk());
        fields.put("Message", InstanceMessage.of(instance));
        fields.put("AdditionalDisks", list(instance.tree().get("additionalDisks")));
        fields.put("Networks", list(instance.tree().get("networks")));
        fields.put("SSHLocalPort", (long) instance.sshPort());
        fields.put("SSHConfigFile", instance.directory().resolve("ssh.config").toString());
        fields.put("HostAgentPID", instance.hostAgentPid());
        fields.put("DriverPID", instance.driverPid());
        fields.put("Errors", List.copyOf(instance.errors()));
        fields.put("Config", instance.tree());
        fields.put("SSHAddress", "127.0.0.1");
        fields.put("Protected", instance.isProtected());
        fields.put("LimaVersion", instance.limaVersion());
        fields.put("Param", config == null ? Map.of() : config.param());
        fields.put("AutoStartedIdentifier", "");
        fields.put(DEPRECATED.get(0), System.getProperty("os.name", "").startsWith("Mac") ? "darwin" : "linux");
        fields.put(DEPRECATED.get(1), Arch.host().word());
        fields.put(DEPRECATED.get(2), instance.directory().resolveSibling("").toString());
        fields.put(
                DEPRECATED.get(3),
                instance.directory().resolveSibling("_config/user").toString());
        return fields;
    }

    private static List<?> list(@Nullable Object value) {
        return value instanceof List<?> list ? list : List.of();
    }
}
