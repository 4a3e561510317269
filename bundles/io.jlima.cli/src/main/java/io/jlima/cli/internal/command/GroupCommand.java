// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.command;

import io.jlima.api.command.Command;
import io.jlima.api.command.CommandSpec;
import io.jlima.api.command.Invocation;

/** The common word of several commands. It has a page and nothing to do. */
abstract class GroupCommand implements Command {
    private final CommandSpec spec;

    GroupCommand(CommandSpec spec) {
        this.spec = spec;
    }

    @Override
    public final CommandSpec spec() {
        return spec;
    }

    @Override
    public final int run(Invocation invocation) {
        throw new IllegalStateException("a group is answered by its page");
    }
}
