// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.command;

import io.jlima.api.command.Command;
import io.jlima.api.command.CommandSpec;
import io.jlima.api.command.CommandSpec.ArgumentKind;
import io.jlima.api.command.CommandSpec.Group;
import io.jlima.api.command.Invocation;
import io.jlima.api.instance.Instances;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** {@code limactl unprotect}. */
@Component(service = Command.class)
public final class UnprotectCommand implements Command {
    private final Instances instances;

    @Activate
    public UnprotectCommand(@Reference Instances instances) {
        this.instances = instances;
    }

    @Override
    public CommandSpec spec() {
        return CommandSpec.of("unprotect", Group.ADVANCED, "Allow instances to be deleted and reset again")
                .takes("NAME...", 1, Integer.MAX_VALUE, ArgumentKind.INSTANCE);
    }

    @Override
    public int run(Invocation invocation) {
        return new Several("unprotected").each(invocation.arguments(), name -> {
            GuestTarget.existing(instances, name);
            if (instances.protect(name, false)) {
                invocation.log().info("Unprotected `" + name + "`");
            } else {
                invocation.log().warn("Instance `" + name + "` isn't protected. Skipping.");
            }
        });
    }
}
