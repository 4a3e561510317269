// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.command;

import io.jlima.api.command.Command;
import io.jlima.api.command.CommandSpec;
import org.osgi.service.component.annotations.Component;

/** {@code limactl network}. */
@Component(service = Command.class)
public final class NetworkGroup extends GroupCommand {
    public NetworkGroup() {
        super(CommandSpec.group("network", "Look after named networks").describe("""
                        They are kept in _config/networks.yaml of LIMA_HOME. An instance joins one by its name under
                        networks in lima.yaml, or by --network lima:NAME."""));
    }
}
