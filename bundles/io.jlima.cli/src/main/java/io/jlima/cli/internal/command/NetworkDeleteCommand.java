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
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** {@code limactl network delete}. */
@Component(service = Command.class)
public final class NetworkDeleteCommand implements Command {
    private final NetworkSettings networks;

    @Activate
    public NetworkDeleteCommand(@Reference NetworkSettings networks) {
        this.networks = networks;
    }

    @Override
    public CommandSpec spec() {
        return CommandSpec.of("network delete", Group.ADVANCED, "Remove named networks")
                .alias("remove", "rm")
                .describe("Whether an instance names the network is not looked at, so --force is always needed.")
                .takes("NAME...", 1, Integer.MAX_VALUE, ArgumentKind.NETWORK)
                .with(new Option("force", "f", null, "needed, because instances may name the network"));
    }

    @Override
    public int run(Invocation invocation) {
        if (!invocation.has("force")) {
            throw new LimaException(
                    "`limactl network delete` needs --force",
                    "Whether an instance uses the network is not looked at; give --force if you are sure");
        }
        for (String name : invocation.arguments()) {
            if (!networks.delete(name)) {
                invocation.log().warn("Ignoring non-existent network `" + name + "`");
            }
        }
        return 0;
    }
}
