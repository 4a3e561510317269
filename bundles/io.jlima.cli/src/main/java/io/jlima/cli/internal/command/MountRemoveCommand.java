// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.command;

import io.jlima.api.command.Command;
import io.jlima.api.command.CommandSpec;
import io.jlima.api.command.CommandSpec.ArgumentKind;
import io.jlima.api.command.CommandSpec.Group;
import io.jlima.api.command.Invocation;
import io.jlima.api.instance.Instances;
import io.jlima.api.instance.Mounts;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** {@code limactl mount remove}. */
@Component(service = Command.class)
public final class MountRemoveCommand implements Command {
    private final Instances instances;
    private final Mounts mounts;

    @Activate
    public MountRemoveCommand(@Reference Instances instances, @Reference Mounts mounts) {
        this.instances = instances;
        this.mounts = mounts;
    }

    @Override
    public CommandSpec spec() {
        return CommandSpec.of("mount remove", Group.ADVANCED, "Take a directory away from a running guest")
                .alias("rm")
                .describe("The mount is taken out of lima.yaml, too. The host's directory is left alone.")
                .takes("INSTANCE MOUNT-POINT", 2, 2, ArgumentKind.INSTANCE);
    }

    @Override
    public int run(Invocation invocation) throws InterruptedException {
        GuestTarget.running(instances, invocation.arguments().getFirst());
        mounts.remove(invocation.arguments().get(0), invocation.arguments().get(1), invocation.caller());
        return 0;
    }
}
