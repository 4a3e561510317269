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

/** {@code limactl snapshot apply}. */
@Component(service = Command.class)
public final class SnapshotApplyCommand implements Command {
    private final Instances instances;

    @Activate
    public SnapshotApplyCommand(@Reference Instances instances) {
        this.instances = instances;
    }

    @Override
    public CommandSpec spec() {
        return CommandSpec.of("snapshot apply", Group.ADVANCED, "Go back to a snapshot")
                .alias("load")
                .describe("""
                        What the instance has written since is lost. A running instance goes on from the snapshot at once.""")
                .takes("INSTANCE", 1, 1, ArgumentKind.INSTANCE)
                .with(new Option("tag", null, "TAG", "name of the snapshot; required"));
    }

    @Override
    public int run(Invocation invocation) throws InterruptedException {
        String name = invocation.arguments().getFirst();
        String tag = SnapshotTag.of(invocation);
        GuestTarget.sound(instances, name);
        instances.snapshots(name, invocation.caller()).load(tag);
        invocation.log().info("Applied snapshot `" + tag + "` of `" + name + "`");
        return 0;
    }
}
