// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.command;

import io.jlima.api.LimaException;
import io.jlima.api.command.Command;
import io.jlima.api.command.CommandSpec;
import io.jlima.api.command.CommandSpec.ArgumentKind;
import io.jlima.api.command.CommandSpec.Group;
import io.jlima.api.command.CommandSpec.Option;
import io.jlima.api.command.Invocation;
import io.jlima.api.network.NetworkSettings;
import io.jlima.api.network.NetworkSettings.NamedNetwork;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** {@code limactl network create}. */
@Component(service = Command.class)
public final class NetworkCreateCommand implements Command {
    private static final int USUAL_PREFIX = 24;

    private final NetworkSettings networks;

    @Activate
    public NetworkCreateCommand(@Reference NetworkSettings networks) {
        this.networks = networks;
    }

    @Override
    public CommandSpec spec() {
        return CommandSpec.of("network create", Group.ADVANCED, "Add a named network")
                .takes("NAME", 1, 1, ArgumentKind.OTHER)
                .with(
                        new Option("mode", null, "MODE", "user-v2, host, shared or bridged (default user-v2)")
                                .oneOf("user-v2", "host", "shared", "bridged"),
                        new Option("gateway", null, "IP[/BITS]", "address of the host in it, /24 unless given"),
                        new Option("interface", null, "NAME", "interface of the host that is bridged"));
    }

    @Override
    public int run(Invocation invocation) {
        String gateway = invocation.value("gateway").filter(g -> !g.isEmpty()).orElse(null);
        int prefix = 0;
        if (gateway != null) {
            int slash = gateway.indexOf('/');
            prefix = slash < 0 ? USUAL_PREFIX : number(gateway.substring(slash + 1));
            gateway = slash < 0 ? gateway : gateway.substring(0, slash);
        }
        networks.create(new NamedNetwork(
                invocation.arguments().getFirst(),
                invocation.value("mode").orElse("user-v2"),
                gateway,
                prefix,
                invocation.value("interface").filter(i -> !i.isEmpty()).orElse(null)));
        return 0;
    }

    private static int number(String bits) {
        if (!bits.matches("\\d{1,2}")) {
            throw new LimaException(
                    "invalid argument \"" + bits + "\" for \"--gateway\" flag: not a length of a prefix",
                    "Write for example 192.168.107.1/24");
        }
        return Integer.parseInt(bits);
    }
}
