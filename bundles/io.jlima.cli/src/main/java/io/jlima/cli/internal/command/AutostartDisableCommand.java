// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.command;

import io.jlima.api.command.Command;
import io.jlima.api.command.CommandSpec;
import io.jlima.api.command.CommandSpec.ArgumentKind;
import io.jlima.api.command.CommandSpec.Group;
import io.jlima.api.command.Invocation;
import io.jlima.api.instance.Instances;
import io.jlima.cli.internal.DaemonControl;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** {@code limactl autostart disable}. */
@Component(service = Command.class)
public final class AutostartDisableCommand implements Command {
    private final Instances instances;
    private final DaemonControl daemon;

    @Activate
    public AutostartDisableCommand(@Reference Instances instances, @Reference DaemonControl daemon) {
        this.instances = instances;
        this.daemon = daemon;
    }

    @Override
    public CommandSpec spec() {
        return CommandSpec.of("autostart disable", Group.ADVANCED, "Start an instance at login no more")
                .takes("NAME", 1, 1, ArgumentKind.INSTANCE);
    }

    @Override
    public int run(Invocation invocation) throws InterruptedException {
        String name = invocation.arguments().getFirst();
        LoginUnit unit = new LoginUnit(name, invocation.caller(), instances.home(), daemon);
        if (unit.isRegistered()) {
            unit.unregister(invocation);
            invocation.log().info("Instance `" + name + "` is not started at login any more");
        } else {
            invocation.log().info("Instance `" + name + "` is not started at login");
        }
        return 0;
    }
}
