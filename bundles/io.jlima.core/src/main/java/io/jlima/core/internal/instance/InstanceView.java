// SPDX-License-Identifier: Apache-2.0
package io.jlima.core.internal.instance;

import io.jlima.api.Arch;
import io.jlima.api.LimaException;
import io.jlima.api.config.InstanceConfig;
import io.jlima.api.instance.Instance;
import io.jlima.api.instance.Instance.Status;
import io.jlima.api.machine.Machine;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What is shown of instances: what their files say, and what is going on with them now. */
record InstanceView(LiveInstances instances, Platform platform, InstanceFiles files) {
    List<Instance> list() {
        InstanceFiles.Defaults defaults = files.defaults();
        return platform.home().instances().stream()
                .map(folder -> look(folder, defaults))
                .toList();
    }

    Optional<Instance> find(String name) {
        return platform.home().instances().stream()
                .filter(folder -> folder.name().equals(name))
                .findFirst()
                .map(this::look);
    }

    Instance look(InstanceFolder folder) {
        return look(folder, files.defaults());
    }

    private Instance look(InstanceFolder folder, InstanceFiles.Defaults defaults) {
        LiveInstance now = instances.of(folder.name());
        InstanceFiles.Content content = files.of(folder, defaults);
        List<String> errors = new ArrayList<>(content.errors());
        Configuration configuration = content.configuration();
        Status status;
        Machine machine;
        HostAgent agent;
        int port;
        String activity;
        now.lock.lock();
        try {
            status = now.status();
            machine = now.machine;
            agent = now.agent;
            port = now.sshPort;
            activity = now.activity();
            errors.addAll(now.allTroubles());
            if (now.guest != null) {
                errors.addAll(now.guest.troubles());
            }
        } finally {
            now.lock.unlock();
        }
        if (status == Status.STOPPED && content.hasAgent() && LimaHostAgent.runs(folder)) {
            status = Status.RUNNING;
        } else if (configuration == null && status == Status.STOPPED) {
            status = Status.BROKEN;
        }
        InstanceConfig config = configuration == null ? null : configuration.config();
        if (port == 0) {
            int configured = config == null ? 0 : config.ssh().localPort();
            port = configured != 0 ? configured : content.port();
        }
        return new Instance(
                folder.name(),
                status,
                folder.path(),
                config,
                configuration == null ? Map.of() : configuration.tree(),
                config == null ? "" : MachinePlan.vmType(config, platform.drivers()),
                config == null ? null : mountChoice(config),
                config == null ? Arch.host() : config.arch(),
                port,
                agent == null ? 0 : ProcessHandle.current().pid(),
                machine == null ? 0 : machine.identity().pid(),
                content.isProtected(),
                content.version(),
                errors,
                activity);
    }

    private Instance.@Nullable MountChoice mountChoice(InstanceConfig config) {
        try {
            return config.mounts().isEmpty() ? null : MachinePlan.mountChoice(config, platform.drivers());
        } catch (LimaException e) {
            return null;
        }
    }
}
