// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.command;

import io.jlima.api.command.Command;
import io.jlima.api.command.CommandSpec;
import io.jlima.api.command.CommandSpec.ArgumentKind;
import io.jlima.api.command.CommandSpec.Group;
import io.jlima.api.command.CommandSpec.Option;
import io.jlima.api.command.Invocation;
import io.jlima.api.instance.Disks;
import io.jlima.cli.internal.Sizes;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** {@code limactl disk resize}. */
@Component(service = Command.class)
public final class DiskResizeCommand implements Command {
    private final Disks disks;

    @Activate
    public DiskResizeCommand(@Reference Disks disks) {
        this.disks = disks;
    }

    @Override
    public CommandSpec spec() {
        return CommandSpec.of("disk resize", Group.ADVANCED, "Make a disk larger")
                .describe("The guest grows its file system at its next start. A disk never becomes smaller.")
                .takes("NAME", 1, 1, ArgumentKind.DISK)
                .with(new Option("size", null, "SIZE", "new size of the disk, for example 20GiB; required"));
    }

    @Override
    public int run(Invocation invocation) throws InterruptedException {
        long size = ByteCount.parse(DiskCreateCommand.required(invocation), "size");
        String name = invocation.arguments().getFirst();
        disks.resize(name, size, invocation.caller());
        invocation.log().info("Resized disk `" + name + "` to " + Sizes.text(size));
        return 0;
    }
}
