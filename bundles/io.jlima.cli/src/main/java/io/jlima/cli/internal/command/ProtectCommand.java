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

/** {@code limactl protect}. */
@Component(service = Command.class)
public final class ProtectCommand implements Command {
    private final Instances instances;

    @Activate
    public ProtectCommand(@Reference Instances instances) {
        this.instances = instances;
    }

    @Override
    public CommandSpec spec() {
        return CommandSpec.of("protect", Group.ADVANCED, "Protect instances from being deleted or reset")
                .describe("A protected instance can be started, stopped and edited as before.")
                .takes("NAME...", 1, Integer.MAX_VALUE, ArgumentKind.INSTANCE);
    }

    @Override
    public int run(Invocation invocation) {
        return new Several("protected").each(invocation.arguments(), name -> {
            GuestTarget.existing(instances, name);
            if (instances.protect(name, true)) {
                invocation.log().info("Protected `" + name + "`");
            } else {
                invocation.log().warn("Instance `" + name + "` is already protected. Skipping.");
            }
        });
    }
}
