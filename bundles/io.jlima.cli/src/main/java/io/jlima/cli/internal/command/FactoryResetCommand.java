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

/** {@code limactl factory-reset}. */
@Component(service = Command.class)
public final class FactoryResetCommand implements Command {
    private final Instances instances;

    @Activate
    public FactoryResetCommand(@Reference Instances instances) {
        this.instances = instances;
    }

    @Override
    public CommandSpec spec() {
        return CommandSpec.of("factory-reset", Group.ADVANCED, "Bring an instance back to the state of its creation")
                .describe("Ends the machine and removes its disk; the configuration stays.")
                .takes("[NAME]", 0, 1, ArgumentKind.INSTANCE);
    }

    @Override
    public int run(Invocation invocation) throws InterruptedException {
        String name = invocation.arguments().isEmpty()
                ? "default"
                : invocation.arguments().getFirst();
        if (instances.find(name).isEmpty()) {
            invocation.log().info("Instance `" + name + "` not found");
            return 0;
        }
        GuestTarget.withConfiguration(instances, name);
        instances.factoryReset(name, invocation.log());
        invocation.log().info("Instance `" + name + "` has been factory reset");
        return 0;
    }
}
