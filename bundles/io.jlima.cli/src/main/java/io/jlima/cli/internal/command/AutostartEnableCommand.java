// SPDX-License-Identifier: Apache-2.0
package io.jlima.cli.internal.command;

import io.jlima.api.LimaException;
import io.jlima.api.command.Command;
import io.jlima.api.command.CommandSpec;
import io.jlima.api.command.CommandSpec.ArgumentKind;
import io.jlima.api.command.CommandSpec.Group;
import io.jlima.api.command.CommandSpec.Option;
import io.jlima.api.command.Invocation;
import io.jlima.api.instance.Instances;
import io.jlima.cli.internal.DaemonControl;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** {@code limactl autostart enable}. */
@Component(service = Command.class)
public final class AutostartEnableCommand implements Command {
    private final Instances instances;
    private final DaemonControl daemon;

    @Activate
    public AutostartEnableCommand(@Reference Instances instances, @Reference DaemonControl daemon) {
        this.instances = instances;
        this.daemon = daemon;
    }

    @Override
    public CommandSpec spec() {
        return CommandSpec.of("autostart enable", Group.ADVANCED, "Start an instance at each login")
                .takes("NAME", 1, 1, ArgumentKind.INSTANCE)
                .with(new Option("condition", null, "WHEN", "login, or boot on macOS (default login)")
                        .oneOf("login", "boot"));
    }

    @Override
    public int run(Invocation invocation) throws InterruptedException {
        String name = invocation.arguments().getFirst();
        String condition = invocation.value("condition").orElse("login");
        if (!condition.equals("login")) {
            throw new LimaException("autostart condition `" + condition + "` is not supported here", "Use login");
        }
        GuestTarget.sound(instances, name);
        new LoginUnit(name, invocation.caller(), instances.home(), daemon).register(invocation);
        invocation.log().info("Instance `" + name + "` starts at each login");
        return 0;
    }
}
