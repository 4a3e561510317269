// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.command;

import io.jlima.api.command.Command;
import io.jlima.api.command.CommandSpec;
import org.osgi.service.component.annotations.Component;

/** {@code limactl snapshot}. */
@Component(service = Command.class)
public final class SnapshotGroup extends GroupCommand {
    public SnapshotGroup() {
        super(CommandSpec.group("snapshot", "Look after snapshots of instances"));
    }
}
