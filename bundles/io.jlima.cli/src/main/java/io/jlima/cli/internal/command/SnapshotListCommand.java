// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.command;

import io.jlima.api.command.Command;
import io.jlima.api.command.CommandSpec;
import io.jlima.api.command.CommandSpec.ArgumentKind;
import io.jlima.api.command.CommandSpec.Group;
import io.jlima.api.command.CommandSpec.Option;
import io.jlima.api.command.Invocation;
import io.jlima.api.instance.Instances;
import io.jlima.api.machine.Snapshots.Listing;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** {@code limactl snapshot list}. */
@Component(service = Command.class)
public final class SnapshotListCommand implements Command {
    private final Instances instances;

    @Activate
    public SnapshotListCommand(@Reference Instances instances) {
        this.instances = instances;
    }

    @Override
    public CommandSpec spec() {
        return CommandSpec.of("snapshot list", Group.ADVANCED, "List the snapshots of an instance")
                .alias("ls")
                .takes("INSTANCE", 1, 1, ArgumentKind.INSTANCE)
                .with(new Option("quiet", "q", null, "tags only"));
    }

    @Override
    public int run(Invocation invocation) throws InterruptedException {
        String name = invocation.arguments().getFirst();
        GuestTarget.sound(instances, name);
        Listing found = instances.snapshots(name, invocation.caller()).list();
        if (invocation.has("quiet")) {
            found.snapshots().forEach(s -> invocation.out().println(s.tag()));
        } else if (!found.header().isEmpty()) {
            invocation.out().println(found.header());
            found.snapshots().forEach(s -> invocation.out().println(s.line()));
        }
        return 0;
    }
}
