// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.command;

import io.jlima.api.command.Command;
import io.jlima.api.command.CommandSpec;
import org.osgi.service.component.annotations.Component;

/** {@code limactl disk}. */
@Component(service = Command.class)
public final class DiskGroup extends GroupCommand {
    public DiskGroup() {
        super(CommandSpec.group("disk", "Look after additional disks").describe("""
                        A disk is kept beside the instances and serves one of them at a time: list it under
                        additionalDisks in lima.yaml, and the guest finds it mounted on /mnt/lima-NAME."""));
    }
}
