// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.command;

import io.jlima.api.command.Command;
import io.jlima.api.command.CommandSpec;
import org.osgi.service.component.annotations.Component;

/** {@code limactl autostart}. */
@Component(service = Command.class)
public final class AutostartGroup extends GroupCommand {
    public AutostartGroup() {
        super(CommandSpec.group("autostart", "Start instances when their user logs in"));
    }
}
