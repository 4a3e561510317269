// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.command;

import io.jlima.api.command.Command;
import io.jlima.api.command.CommandSpec;
import io.jlima.api.command.Invocation;
import org.osgi.service.component.annotations.Component;

/** {@code limactl port}: the word before its members. */
@Component(service = Command.class)
public final class PortCommand implements Command {
    @Override
    public CommandSpec spec() {
        return CommandSpec.group("port", "Look at the ports of guests");
    }

    @Override
    public int run(Invocation invocation) {
        throw new IllegalStateException("a group is not run");
    }
}
