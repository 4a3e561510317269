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

/** {@code limactl snapshot create}. */
@Component(service = Command.class)
public final class SnapshotCreateCommand implements Command {
    private final Instances instances;

    @Activate
    public SnapshotCreateCommand(@Reference Instances instances) {
        this.instances = instances;
    }

    @Override
    public CommandSpec spec() {
        return CommandSpec.of("snapshot create", Group.ADVANCED, "Keep the present state of an instance")
                .alias("save")
                .describe("""
                        Of a running instance, memory and disk are kept; it stands still meanwhile. Of a stopped one, the
                        disk is kept. A snapshot of the same tag is replaced.""")
                .takes("INSTANCE", 1, 1, ArgumentKind.INSTANCE)
                .with(new Option("tag", null, "TAG", "name of the snapshot; required"));
    }

    @Override
    public int run(Invocation invocation) throws InterruptedException {
        String name = invocation.arguments().getFirst();
        String tag = SnapshotTag.of(invocation);
        GuestTarget.sound(instances, name);
        instances.snapshots(name, invocation.caller()).save(tag);
        invocation.log().info("Made snapshot `" + tag + "` of `" + name + "`");
        return 0;
    }
}
