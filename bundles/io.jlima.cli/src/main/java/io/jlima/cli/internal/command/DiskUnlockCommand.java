// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.command;

import io.jlima.api.command.Command;
import io.jlima.api.command.CommandSpec;
import io.jlima.api.command.CommandSpec.ArgumentKind;
import io.jlima.api.command.CommandSpec.Group;
import io.jlima.api.command.Invocation;
import io.jlima.api.instance.Disks;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** {@code limactl disk unlock}. */
@Component(service = Command.class)
public final class DiskUnlockCommand implements Command {
    private final Disks disks;

    @Activate
    public DiskUnlockCommand(@Reference Disks disks) {
        this.disks = disks;
    }

    @Override
    public CommandSpec spec() {
        return CommandSpec.of("disk unlock", Group.ADVANCED, "Release disks that an instance has kept")
                .describe("Only a disk of an instance that does not run is released.")
                .takes("NAME...", 1, Integer.MAX_VALUE, ArgumentKind.DISK);
    }

    @Override
    public int run(Invocation invocation) {
        return new Several("unlocked").each(invocation.arguments(), name -> {
            if (disks.unlock(name)) {
                invocation.log().info("Unlocked disk `" + name + "`");
            } else {
                invocation.log().warn("Disk `" + name + "` is not locked. Skipping.");
            }
        });
    }
}
