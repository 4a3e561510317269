// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.edit;

import io.jlima.api.LimaException;
import io.jlima.api.command.Command;
import io.jlima.api.command.CommandSpec;
import io.jlima.api.command.CommandSpec.Group;
import io.jlima.api.command.Invocation;
import org.osgi.service.component.annotations.Component;

/** {@code limactl template}: the group of commands about templates. */
@Component(service = Command.class)
public final class TemplateCommand implements Command {
    @Override
    public CommandSpec spec() {
        return CommandSpec.of("template", Group.ADVANCED, "Copy, check and look into templates")
                .alias("tmpl");
    }

    @Override
    public int run(Invocation invocation) {
        throw new LimaException("a command about templates is missing", "See limactl template --help");
    }
}
