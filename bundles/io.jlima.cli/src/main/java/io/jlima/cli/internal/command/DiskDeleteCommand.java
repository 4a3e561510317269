// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.command;

import io.jlima.api.command.Command;
import io.jlima.api.command.CommandSpec;
import io.jlima.api.command.CommandSpec.ArgumentKind;
import io.jlima.api.command.CommandSpec.Group;
import io.jlima.api.command.CommandSpec.Option;
import io.jlima.api.command.Invocation;
import io.jlima.api.instance.Disks;
import java.util.List;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** {@code limactl disk delete}. */
@Component(service = Command.class)
public final class DiskDeleteCommand implements Command {
    private final Disks disks;

    @Activate
    public DiskDeleteCommand(@Reference Disks disks) {
        this.disks = disks;
    }

    @Override
    public CommandSpec spec() {
        return CommandSpec.of("disk delete", Group.ADVANCED, "Remove disks with everything on them")
                .alias("remove", "rm")
                .takes("NAME...", 1, Integer.MAX_VALUE, ArgumentKind.DISK)
                .with(new Option("force", "f", null, "even if the configuration of an instance names the disk"));
    }

    @Override
    public int run(Invocation invocation) {
        return new Several("deleted").each(invocation.arguments(), name -> delete(invocation, name));
    }

    private void delete(Invocation invocation, String name) {
        if (disks.find(name).isEmpty()) {
            invocation.log().warn("Ignoring non-existent disk `" + name + "`");
            return;
        }
        List<String> wanted = invocation.has("force") ? List.of() : disks.wantedBy(name);
        if (!wanted.isEmpty()) {
            invocation
                    .log()
                    .warn("Skipping disk `" + name + "`: lima.yaml of " + String.join(", ", wanted)
                            + " names it; to delete it all the same, use --force");
            return;
        }
        disks.delete(name);
        invocation.log().info("Deleted disk `" + name + "`");
    }
}
