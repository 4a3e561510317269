// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.command;

import io.jlima.api.command.Command;
import io.jlima.api.command.CommandSpec;
import org.osgi.service.component.annotations.Component;

/** {@code limactl mount}. */
@Component(service = Command.class)
public final class MountCommand extends GroupCommand {
    public MountCommand() {
        super(CommandSpec.group("mount", "Directories of the host in a guest, changed while it runs"));
    }
}
