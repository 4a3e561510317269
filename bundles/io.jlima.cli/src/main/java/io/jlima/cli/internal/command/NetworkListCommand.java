// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.command;

import io.jlima.api.command.Command;
import io.jlima.api.command.CommandSpec;
import io.jlima.api.command.CommandSpec.ArgumentKind;
import io.jlima.api.command.CommandSpec.Group;
import io.jlima.api.command.CommandSpec.Option;
import io.jlima.api.command.Invocation;
import io.jlima.api.network.NetworkSettings;
import io.jlima.api.network.NetworkSettings.NamedNetwork;
import io.jlima.cli.internal.Json;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** {@code limactl network list}. */
@Component(service = Command.class)
public final class NetworkListCommand implements Command {
    private final NetworkSettings networks;

    @Activate
    public NetworkListCommand(@Reference NetworkSettings networks) {
        this.networks = networks;
    }

    @Override
    public CommandSpec spec() {
        return CommandSpec.of("network list", Group.ADVANCED, "List named networks")
                .alias("ls")
                .takes("[NAME...]", 0, Integer.MAX_VALUE, ArgumentKind.NETWORK)
                .with(new Option("json", null, null, "one JSON object a line"));
    }

    @Override
    public int run(Invocation invocation) {
        List<NamedNetwork> all = networks.list();
        List<NamedNetwork> shown = new ArrayList<>();
        if (invocation.arguments().isEmpty()) {
            shown.addAll(all);
        }
        for (String name : invocation.arguments()) {
            Optional<NamedNetwork> found =
                    all.stream().filter(n -> n.name().equals(name)).findFirst();
            found.ifPresentOrElse(shown::add, () -> invocation.log().warn("No network matching " + name + " found."));
        }
        if (invocation.has("json")) {
            shown.forEach(n -> invocation.out().println(Json.compact(json(n))));
            return 0;
        }
        List<List<String>> rows = new ArrayList<>();
        rows.add(List.of("NAME", "MODE", "GATEWAY", "INTERFACE"));
        for (NamedNetwork network : shown) {
            rows.add(List.of(
                    network.name(),
                    network.mode(),
                    network.gateway() == null ? "-" : network.gateway() + "/" + network.prefix(),
                    network.hostInterface() == null ? "-" : network.hostInterface()));
        }
        invocation.out().print(Table.of(rows));
        return 0;
    }

    private static Map<String, Object> json(NamedNetwork network) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("name", network.name());
        json.put("mode", network.mode());
        if (network.gateway() != null) {
            json.put("gateway", network.gateway());
            json.put("prefix", network.prefix());
        }
        if (network.hostInterface() != null) {
            json.put("interface", network.hostInterface());
        }
        return json;
    }
}
