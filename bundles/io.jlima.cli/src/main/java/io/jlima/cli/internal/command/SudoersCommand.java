// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.command;

import io.jlima.api.LimaException;
import io.jlima.api.command.Command;
import io.jlima.api.command.CommandSpec;
import io.jlima.api.command.CommandSpec.ArgumentKind;
import io.jlima.api.command.CommandSpec.Group;
import io.jlima.api.command.CommandSpec.Option;
import io.jlima.api.command.Invocation;
import org.osgi.service.component.annotations.Component;

/** {@code limactl sudoers}: what must be allowed to a user so that networks can be started without a password. */
@Component(service = Command.class)
public final class SudoersCommand implements Command {
    @Override
    public CommandSpec spec() {
        return CommandSpec.of("sudoers", Group.ADVANCED, "Show what networks of macOS need in /etc/sudoers.d")
                .describe("Only macOS has networks that need it.")
                .takes("[FILE]", 0, 1, ArgumentKind.FILE)
                .with(new Option("check", null, null, "say whether the file has what is needed"));
    }

    @Override
    public int run(Invocation invocation) {
        if (!System.getProperty("os.name", "").startsWith("Mac")) {
            throw new LimaException("sudoers command is only supported on macOS right now");
        }
        throw new LimaException(
                "no installed network needs sudo",
                "A bundle for socket_vmnet does; none of those that are installed here starts it");
    }
}
