// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.command;

import io.jlima.api.command.Command;
import io.jlima.api.command.CommandSpec;
import io.jlima.api.command.CommandSpec.ArgumentKind;
import io.jlima.api.command.CommandSpec.Group;
import io.jlima.api.command.CommandSpec.Option;
import io.jlima.api.command.Invocation;
import io.jlima.api.instance.Instances;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** {@code limactl snapshot delete}. */
@Component(service = Command.class)
public final class SnapshotDeleteCommand implements Command {
    private final Instances instances;

    @Activate
    public SnapshotDeleteCommand(@Reference Instances instances) {
        this.instances = instances;
    }

    @Override
    public CommandSpec spec() {
        return CommandSpec.of("snapshot delete", Group.ADVANCED, "Forget a snapshot")
                .alias("del")
                .describe("""
                        The instance itself stays as it is.""")
                .takes("INSTANCE", 1, 1, ArgumentKind.INSTANCE)
                .with(new Option("tag", null, "TAG", "name of the snapshot; required"));
    }

    @Override
    public int run(Invocation invocation) throws InterruptedException {
        String name = invocation.arguments().getFirst();
        String tag = SnapshotTag.of(invocation);
        GuestTarget.sound(instances, name);
        instances.snapshots(name, invocation.caller()).remove(tag);
        invocation.log().info("Deleted snapshot `" + tag + "` of `" + name + "`");
        return 0;
    }
}
